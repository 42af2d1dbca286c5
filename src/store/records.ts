/**
 * What travels in the ring from the main thread to the writer thread: one frame per record.
 * Little endian.
 *
 *   0  u8   kind              1  u8   table, for PUT, DELETE and DELETE_PREFIX
 *   2  u16  length of the key 4  u32  length of the value
 *   8  f64  sequence: 1 for the first record of this process, then one more for each
 *  16  the key, then the value
 *
 * The sequence lets a writer thread that took over from a dead one skip what is committed already.
 */
export const RECORD_HEADER_BYTES = 16;

/** The value is a binary message for the history. */
export const RECORD_APPEND = 1;
export const RECORD_PUT = 2;
export const RECORD_DELETE = 3;
/** Deletes all entries whose keys begin with the record's key. */
export const RECORD_DELETE_PREFIX = 4;
/** The key is the message id, the value what `encodeDeadLetter` writes. */
export const RECORD_DEAD_LETTER = 5;
export const RECORD_DELETE_DEAD_LETTER = 6;

/** As APPEND; the message is also pending, under the number that its key is: a f64. */
export const RECORD_APPEND_PENDING = 7;
/** The key is the number of a message that is pending no more, as `numberKey` writes it. */
export const RECORD_HANDLED = 8;
/** Bytes of the key of APPEND_PENDING: a message starts on an 8-byte boundary. */
export const PENDING_KEY_BYTES = 8;

export type RecordKind =
  | typeof RECORD_APPEND
  | typeof RECORD_PUT
  | typeof RECORD_DELETE
  | typeof RECORD_DELETE_PREFIX
  | typeof RECORD_DEAD_LETTER
  | typeof RECORD_DELETE_DEAD_LETTER
  | typeof RECORD_APPEND_PENDING
  | typeof RECORD_HANDLED;

/** Tables that records name. */
export const TABLE_AGENTS = 0;
export const TABLE_MODULES = 1;
export const TABLE_DATA = 2;
export const TABLE_DEPLOYMENTS = 3;
export const TABLE_TASKS = 4;
export const TABLE_PENDING = 5;
export type TableCode =
  | typeof TABLE_AGENTS
  | typeof TABLE_MODULES
  | typeof TABLE_DATA
  | typeof TABLE_DEPLOYMENTS
  | typeof TABLE_TASKS
  | typeof TABLE_PENDING;

/** A record that isn't a message, on the main thread. */
export interface SmallRecord {
  readonly kind: RecordKind;
  readonly table: TableCode;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export const NO_BYTES = new Uint8Array(0);

export function recordBytes(record: SmallRecord): number {
  return RECORD_HEADER_BYTES + record.key.byteLength + record.value.byteLength;
}

export function writeRecordHeader(
  view: DataView,
  offset: number,
  kind: RecordKind,
  table: TableCode,
  keyBytes: number,
  valueBytes: number,
  sequence: number,
): void {
  view.setUint32(offset, kind | (table << 8) | (keyBytes << 16), true);
  view.setUint32(offset + 4, valueBytes, true);
  view.setFloat64(offset + 8, sequence, true);
}
