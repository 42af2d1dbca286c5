import type { Agent } from './agent.js';
import type { Directory } from './directory.js';

/** An agent under a text by which it was written to. */
export interface Address {
  /** The id or the name, in UTF-8. */
  readonly text: Uint8Array;
  readonly agent: Agent;
  /** The agent's id, in UTF-8. */
  readonly id: Uint8Array;
  /** Whether the text is the id. */
  readonly isId: boolean;
}

/** A power of two. */
const PLACES = 4_096;
/** Bytes at the end that the place depends on: ids and names differ there most. */
const HASHED_BYTES = 8;

/**
 * The directory by bytes: finds the receivers of messages in their binary form without making
 * strings of them. It keeps the ones last found, each in the place that its hash says, until the
 * directory changes.
 */
export class AgentAddresses {
  readonly #directory: Directory;
  readonly #places = new Array<Address | undefined>(PLACES).fill(undefined);
  #edition = 0;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** The agent whose id or name lies in this range; undefined when there is none. */
  find(source: Buffer, start: number, end: number): Address | undefined {
    if (this.#edition !== this.#directory.edition) {
      this.#edition = this.#directory.edition;
      this.#places.fill(undefined);
    }
    const place = placeOf(source, start, end);
    const known = this.#places[place];
    if (known !== undefined && isAt(source, start, end, known.text)) return known;
    const agent = this.#directory.find(source.toString('utf8', start, end));
    if (agent === undefined) return undefined;
    const text = Uint8Array.from(source.subarray(start, end));
    const id = Uint8Array.from(Buffer.from(agent.id));
    const address = { text, agent, id, isId: isAt(source, start, end, id) };
    this.#places[place] = address;
    return address;
  }
}

function placeOf(source: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let i = Math.max(start, end - HASHED_BYTES); i < end; i++) {
    hash = Math.imul(hash ^ (source[i] as number), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (PLACES - 1);
}

// From the end: ids differ there first.
function isAt(source: Buffer, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false;
  for (let i = text.length - 1; i >= 0; i--) if (source[start + i] !== text[i]) return false;
  return true;
}
