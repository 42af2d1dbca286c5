import type { Agent } from './agent.js';
import type { Directory } from './directory.js';

/** A text to which messages were written, and the agent whose it is. */
export interface Address {
  /** An id or a name, in UTF-8. */
  readonly text: Uint8Array;
  readonly name: string;
  /** Undefined where no agent has that id or name. */
  readonly agent: Agent | undefined;
  /** The agent's id, in UTF-8. */
  readonly id: Uint8Array;
  /** Whether the text is the id. */
  readonly isId: boolean;
}

const NO_ID = new Uint8Array(0);

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

  /** Whose the id or the name is that lies in this range. */
  find(source: Buffer, start: number, end: number): Address {
    if (this.#edition !== this.#directory.edition) {
      this.#edition = this.#directory.edition;
      this.#places.fill(undefined);
    }
    const place = placeOf(source, start, end);
    const known = this.#places[place];
    if (known !== undefined && isAt(source, start, end, known.text)) return known;
    const name = source.toString('utf8', start, end);
    const agent = this.#directory.find(name);
    const text = Uint8Array.from(source.subarray(start, end));
    const id = agent === undefined ? NO_ID : Uint8Array.from(Buffer.from(agent.id));
    const address = { text, name, agent, id, isId: isAt(source, start, end, id) };
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
