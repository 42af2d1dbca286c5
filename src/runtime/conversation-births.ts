import { wallMs } from '../base/clock.js';
import { SORTABLE_ID_CHARACTERS, timeInBytes, timeInText } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { BirthTable } from './birth-table.js';

const OWN_PREFIX = 'conv_';
const OWN_LENGTH = OWN_PREFIX.length + SORTABLE_ID_CHARACTERS;
/** Milliseconds since the Unix epoch: there was no server then that made ids. */
const OWN_SINCE_MS = Date.UTC(2020, 0, 1);

/**
 * When conversations began, which tells the version and the instance of an agent that they stay on.
 * The server's own ids have their time in them. Those that clients made up are kept in a table of
 * fixed size, which knows the last ones that were spoken in: one that it has forgotten counts as new.
 */
export class ConversationBirths {
  readonly #table: BirthTable;
  /** It is so late at least, which saves asking the clock. */
  #reachedMs = 0;
  /** Ids of the server's form were seen whose time had not come: some day it will have. */
  #ahead = false;

  /** @param remembered conversations that it knows at least, a power of two */
  constructor(remembered: number = LIMITS.conversation_births) {
    this.#table = new BirthTable(remembered);
  }

  /**
   * Called for every message to an agent: a conversation not known yet begins now. Now is by the
   * clock that ids are made by; the one of timestamps may differ from it by milliseconds.
   */
  note(conversationId: string, nowMs?: number): void {
    const madeMs = ownMs(conversationId);
    if (madeMs >= 0 && this.#isPast(madeMs, nowMs)) {
      // What was a client's when its time had not come stays one.
      if (this.#ahead) this.#table.touch(conversationId);
      return;
    }
    if (this.#table.touch(conversationId)) return;
    this.#table.addTouched(nowMs ?? wallMs());
    if (madeMs >= 0) this.#ahead = true;
  }

  /** As `note`, by the bytes of an id in UTF-8: most are the server's own, and need no string. */
  noteEncoded(source: Buffer, start: number, length: number): void {
    const madeMs = this.#ahead ? -1 : ownMsInBytes(source, start, length);
    if (madeMs >= 0 && this.#isPast(madeMs, undefined)) return;
    this.note(source.toString('utf8', start, start + length));
  }

  /**
   * To be called for messages from before a restart, the newest first, as long as it isn't `full`:
   * the conversation had begun by then.
   */
  recall(conversationId: string, atMs: number): void {
    const madeMs = ownMs(conversationId);
    if (madeMs >= 0 && madeMs <= atMs) return;
    this.#table.put(conversationId, atMs);
    if (madeMs >= 0) this.#ahead = true;
  }

  /** Whether another conversation may push out one that it knows. */
  get full(): boolean {
    return this.#table.full;
  }

  /** Milliseconds since the Unix epoch; now when it isn't known. */
  bornMs(conversationId: string, nowMs?: number): number {
    const madeMs = ownMs(conversationId);
    const own = madeMs >= 0 && this.#isPast(madeMs, nowMs);
    if (own && !this.#ahead) return madeMs;
    return this.#table.bornMs(conversationId) ?? (own ? madeMs : (nowMs ?? wallMs()));
  }

  #isPast(ms: number, nowMs: number | undefined): boolean {
    if (nowMs !== undefined) return ms <= nowMs;
    if (ms <= this.#reachedMs) return true;
    this.#reachedMs = wallMs();
    return ms <= this.#reachedMs;
  }
}

/**
 * The time in an id that has the form of the server's own; -1 of any other. What follows the time
 * is random and isn't looked at: it would cost more than all the rest.
 */
function ownMs(conversationId: string): number {
  if (conversationId.length !== OWN_LENGTH || !conversationId.startsWith(OWN_PREFIX)) return -1;
  const madeMs = timeInText(conversationId, OWN_PREFIX.length);
  return madeMs >= OWN_SINCE_MS ? madeMs : -1;
}

function ownMsInBytes(source: Buffer, start: number, length: number): number {
  if (length !== OWN_LENGTH) return -1;
  for (let i = 0; i < OWN_PREFIX.length; i++) {
    if (source[start + i] !== OWN_PREFIX.charCodeAt(i)) return -1;
  }
  const madeMs = timeInBytes(source, start + OWN_PREFIX.length);
  return madeMs >= OWN_SINCE_MS ? madeMs : -1;
}

/** 32 bits of FNV-1a over UTF-16 units, mixed so that all of them are good for a choice. */
export function hashText(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return mixed(hash);
}

/** The same of a text in ASCII by its bytes. */
export function hashBytes(source: Uint8Array, start: number, length: number, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = start; i < start + length; i++) {
    hash = Math.imul(hash ^ (source[i] as number), 0x01000193);
  }
  return mixed(hash);
}

function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const whole = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return (whole ^ (whole >>> 16)) >>> 0;
}
