import { randomBytes, randomUUID } from 'node:crypto';
import { copyWords } from './words.js';

/**
 * Identifiers are a prefix and 26 characters of Crockford base 32: ten of the millisecond, twelve
 * random for that millisecond, four of a counter. They sort by time and, within a process, by the
 * order in which they were made. The ulid package has the same form but spends about half a
 * microsecond on each, which the message path notices.
 */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const PAIRS: readonly string[] = Array.from(
  { length: 1024 },
  (_, i) => ALPHABET[i >> 5]! + ALPHABET[i & 31]!,
);
const COUNTER_LIMIT = 1024 * 1024;
const RANDOM_CHARACTERS = 12;
/** Length of what follows an id's prefix. */
export const SORTABLE_ID_CHARACTERS = 26;
const RANDOM_POOL_BYTES = 4_096;

const ALPHABET_BYTES = Uint8Array.from(Buffer.from(ALPHABET, 'latin1'));

let currentMs = 0;
let prefix = '';
/** The same as bytes. */
let prefixView = new DataView(new ArrayBuffer(0));
let counter = 0;

function encodeTime(ms: number): string {
  let rest = ms;
  let text = '';
  for (let i = 0; i < 5; i++) {
    text = PAIRS[rest % 1024]! + text;
    rest = Math.floor(rest / 1024);
  }
  return text;
}

function startMillisecond(ms: number): void {
  currentMs = ms;
  counter = 0;
  prefix = encodeTime(ms);
  for (let i = 0; i < RANDOM_CHARACTERS; i++) prefix += ALPHABET[nextRandomByte() & 31]!;
  prefixView = new DataView(Uint8Array.from(Buffer.from(prefix, 'latin1')).buffer);
}

// Asking for random bytes costs several microseconds, however few are wanted.
let randomPool = Buffer.alloc(0);
let randomTaken = 0;

function nextRandomByte(): number {
  if (randomTaken === randomPool.length) {
    randomPool = randomBytes(RANDOM_POOL_BYTES);
    randomTaken = 0;
  }
  return randomPool[randomTaken++] as number;
}

function nextCount(nowMs: number): number {
  // A clock that steps back keeps the later millisecond, so that order holds.
  if (nowMs > currentMs) startMillisecond(nowMs);
  else if (counter === COUNTER_LIMIT) startMillisecond(currentMs + 1);
  return counter++;
}

/** The 26 characters behind a prefix; strictly increasing within this process. */
export function sortableId(nowMs: number = Date.now()): string {
  const n = nextCount(nowMs);
  return prefix + PAIRS[n >> 10]! + PAIRS[n & 1023]!;
}

/** Writes them as bytes, where no string is needed. */
export function putSortableId(target: DataView, at: number, nowMs: number): void {
  const n = nextCount(nowMs);
  copyWords(target, at, prefixView, 0, prefixView.byteLength);
  const late = ALPHABET_BYTES[(n >> 5) & 31]! | (ALPHABET_BYTES[n & 31]! << 8);
  const early = ALPHABET_BYTES[n >> 15]! | (ALPHABET_BYTES[(n >> 10) & 31]! << 8);
  target.setInt32(at + prefixView.byteLength, early | (late << 16), true);
}

/** The millisecond at which an id (without its prefix) was made. */
export function timeOfId(id: string): number {
  let ms = 0;
  for (const character of id.slice(0, 10)) ms = ms * 32 + ALPHABET.indexOf(character);
  return ms;
}

/** Digit values of the characters of ids by their UTF-16 units; 255 of all others. */
const DIGITS = new Uint8Array(128).fill(255);
for (let i = 0; i < ALPHABET.length; i++) DIGITS[ALPHABET.charCodeAt(i)] = i;

/**
 * The millisecond in the ten characters from `offset` on, of a text that somebody else may have
 * written; -1 when one of them is none of an id's. Quick enough to be asked for every message.
 */
export function timeInText(text: string, offset: number): number {
  let units = 0;
  let digits = 0;
  let early = 0;
  let late = 0;
  for (let i = offset; i < offset + 5; i++) {
    const one = text.charCodeAt(i);
    const other = text.charCodeAt(i + 5);
    const first = DIGITS[one & 127] as number;
    const second = DIGITS[other & 127] as number;
    units |= one | other;
    digits |= first | second;
    early = (early << 5) | (first & 31);
    late = (late << 5) | (second & 31);
  }
  return units > 127 || digits > 31 ? -1 : early * 2 ** 25 + late;
}

/** The same of a text in UTF-8. */
export function timeInBytes(bytes: Uint8Array, offset: number): number {
  let units = 0;
  let digits = 0;
  let early = 0;
  let late = 0;
  for (let i = offset; i < offset + 5; i++) {
    const one = bytes[i] as number;
    const other = bytes[i + 5] as number;
    const first = DIGITS[one & 127] as number;
    const second = DIGITS[other & 127] as number;
    units |= one | other;
    digits |= first | second;
    early = (early << 5) | (first & 31);
    late = (late << 5) | (second & 31);
  }
  return units > 127 || digits > 31 ? -1 : early * 2 ** 25 + late;
}

/** The smallest id of a millisecond, for range queries. */
export function firstIdOf(ms: number): string {
  return `${encodeTime(Math.max(0, Math.floor(ms)))}${'0'.repeat(16)}`;
}

export const newMessageId = (): string => `msg_${sortableId()}`;
export const newAgentId = (): string => `agent_${sortableId()}`;
export const newDeploymentId = (): string => `deploy_${sortableId()}`;
export const newReloadId = (): string => `reload_${sortableId()}`;
export const newTaskId = (): string => `${TASK}${sortableId()}`;
export const newSubscriptionId = (): string => `sub_${sortableId()}`;

const AGENT_ID = /^agent_[0-9A-Z]{26}$/;

/** Whether a name has the form of an agent's id, be the agent there or not. */
export const isAgentId = (name: string): boolean => AGENT_ID.test(name);

const TASK = 'task_';

/** Whether a name has the form of a task's id. It may still be a client's, or nobody's. */
export const isTaskId = (name: string): boolean => name.startsWith(TASK);

/** A W3C trace id: 32 lower-case hexadecimal digits. */
export function newTraceId(): string {
  return randomUUID().replaceAll('-', '');
}

/** The trace id of a W3C `traceparent` header, or undefined when it is absent or malformed. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent ?? '');
  return match && !/^0+$/.test(match[1]!) ? match[1] : undefined;
}
