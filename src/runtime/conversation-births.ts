import { wallMs } from '../base/clock.js';
import { SORTABLE_ID_CHARACTERS, timeOfId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';

const OWN_PREFIX = 'conv_';
const OWN_LENGTH = OWN_PREFIX.length + SORTABLE_ID_CHARACTERS;

/**
 * When conversations began, which tells the version and the instance of an agent that they stay on.
 * The server's own ids have their time in them. Those that clients made up are kept as fingerprints
 * in a table of fixed size, where a new one takes the place of an old one: one that was pushed out
 * counts as new.
 */
export class ConversationBirths {
  readonly #fingerprints: Uint32Array;
  readonly #bornMs: Float64Array;
  readonly #mask: number;

  /** @param places a power of two */
  constructor(places: number = LIMITS.conversation_births) {
    this.#fingerprints = new Uint32Array(places);
    this.#bornMs = new Float64Array(places);
    this.#mask = places - 1;
  }

  /**
   * Called for every message to an agent: a conversation not known yet begins now. Now is by the
   * clock that ids are made by; the one of timestamps may differ from it by milliseconds.
   */
  note(conversationId: string, nowMs?: number): void {
    if (isOwn(conversationId)) return;
    const hash = hashText(conversationId);
    const at = hash & this.#mask;
    const fingerprint = fingerprintOf(hash, conversationId);
    if (this.#fingerprints[at] === fingerprint) return;
    this.#fingerprints[at] = fingerprint;
    this.#bornMs[at] = nowMs ?? wallMs();
  }

  /** Milliseconds since the Unix epoch; now when it isn't known. */
  bornMs(conversationId: string, nowMs: number = wallMs()): number {
    if (isOwn(conversationId)) return timeOfId(conversationId.slice(OWN_PREFIX.length));
    const hash = hashText(conversationId);
    const at = hash & this.#mask;
    if (this.#fingerprints[at] !== fingerprintOf(hash, conversationId)) return nowMs;
    return this.#bornMs[at] as number;
  }
}

function isOwn(conversationId: string): boolean {
  return conversationId.length === OWN_LENGTH && conversationId.startsWith(OWN_PREFIX);
}

/** 32 bits of FNV-1a over UTF-16 units, mixed so that all of them are good for a choice. */
export function hashText(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

// A second hash beside the one that chose the place; 0 is an empty place.
function fingerprintOf(hash: number, text: string): number {
  return (Math.imul(hash, 31) ^ (text.length << 24) ^ text.charCodeAt(text.length >> 1)) >>> 0 || 1;
}
