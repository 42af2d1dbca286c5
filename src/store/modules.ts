import { createHash } from 'node:crypto';
import { CaxtonError } from '../base/errors.js';
import { damaged, jsonRecord } from './damage.js';
import { prefixEnd, textPrefix } from './keys.js';
import { NO_BYTES, RECORD_DELETE_PREFIX, RECORD_PUT, TABLE_MODULES } from './records.js';
import type { StoredModule } from './store.js';
import type { Table } from './tables.js';
import type { WriterChannel } from './writer-channel.js';

/**
 * Modules are larger than a frame of the ring, so they are kept in pieces. Keys: the hash, then
 * what of the module (o = original, m = metered), then for metered its version, then the number of
 * the piece; the manifest has no piece number and is written last, so that a module is there whole
 * or not at all.
 */
const PIECE_BYTES_MAX = 256 * 1024;
const ORIGINAL = 'o';
const METERED = 'm';

interface Manifest {
  readonly bytes: number;
  readonly pieces: number;
  readonly info?: unknown;
  /** Of the whole, hexadecimal; absent in older stores. */
  readonly sha256?: string;
}

interface ModuleContent {
  readonly content: Uint8Array;
  readonly info: unknown;
}

function prefixOf(hash: string, ...parts: string[]): Buffer {
  return Buffer.concat([hash, ...parts].map(textPrefix));
}

function pieceKey(prefix: Buffer, piece: number): Buffer {
  const number = Buffer.alloc(5);
  number[0] = 1;
  number.writeUInt32BE(piece, 1);
  return Buffer.concat([prefix, number]);
}

function manifestKey(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.from([0])]);
}

/** The text of a key whose prefix begins at `offset`. */
function textAt(key: Uint8Array, offset: number): string {
  const bytes = Buffer.from(key);
  const start = offset + 2;
  return bytes.toString('utf8', start, start + bytes.readUInt16BE(offset));
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function damagedModule(prefix: Buffer): CaxtonError {
  return damaged(`the module ${textAt(prefix, 0)} is not what was stored`);
}

/** A version names the rewriter and, behind a colon, what it was given beside the module. */
function rewriterOf(version: string): string {
  return version.split(':', 1)[0] as string;
}

/** Writes and reads modules, over the writer's ring and in the table. */
export class ModuleStore {
  readonly #channel: WriterChannel;
  readonly #table: Table;

  constructor(channel: WriterChannel, table: Table) {
    this.#channel = channel;
    this.#table = table;
  }

  putOriginal(hash: string, original: Uint8Array): void {
    this.#put(prefixOf(hash, ORIGINAL), original, undefined);
  }

  putMetered(hash: string, version: string, metered: Uint8Array, info: unknown): void {
    this.#deleteOtherVersions(hash, version);
    this.#put(prefixOf(hash, METERED, version), metered, info);
  }

  // What another version of the rewriter made is of no use any more; what this one made for another
  // memory limit is.
  #deleteOtherVersions(hash: string, version: string): void {
    const prefix = prefixOf(hash, METERED);
    const rewriter = rewriterOf(version);
    let start: Uint8Array = prefix;
    for (;;) {
      const [key] = this.#table.getKeys({ start, end: prefixEnd(prefix), limit: 1 });
      if (key === undefined) return;
      const found = textAt(key, prefix.length);
      const other = prefixOf(hash, METERED, found);
      if (rewriterOf(found) !== rewriter) this.#deletePrefix(other);
      start = prefixEnd(other);
    }
  }

  get(hash: string, version: string): StoredModule | undefined {
    const original = this.#get(prefixOf(hash, ORIGINAL));
    if (original === undefined) return undefined;
    const metered = this.#getMetered(prefixOf(hash, METERED, version));
    return { original: original.content, metered: metered?.content, info: metered?.info };
  }

  delete(hash: string): void {
    this.#deletePrefix(prefixOf(hash));
  }

  /** Of all modules of which anything is kept. */
  hashes(): string[] {
    const hashes: string[] = [];
    let start: Uint8Array = Buffer.alloc(0);
    for (;;) {
      const [key] = this.#table.getKeys({ start, limit: 1 });
      if (key === undefined) return hashes;
      const hash = textAt(key, 0);
      hashes.push(hash);
      start = prefixEnd(prefixOf(hash));
    }
  }

  #put(prefix: Buffer, content: Uint8Array, info: unknown): void {
    this.#deletePrefix(prefix);
    const pieceBytes = Math.min(PIECE_BYTES_MAX, Math.floor(this.#channel.messageBytesMax / 4));
    const pieces = Math.ceil(content.byteLength / pieceBytes);
    for (let i = 0; i < pieces; i++) {
      const value = content.subarray(i * pieceBytes, (i + 1) * pieceBytes);
      this.#record(RECORD_PUT, pieceKey(prefix, i), value);
    }
    const manifest: Manifest = {
      bytes: content.byteLength,
      pieces,
      info,
      sha256: hashOf(content),
    };
    this.#record(RECORD_PUT, manifestKey(prefix), Buffer.from(JSON.stringify(manifest)));
  }

  // A damaged one is made again, from the original.
  #getMetered(prefix: Buffer): ModuleContent | undefined {
    try {
      return this.#get(prefix);
    } catch (error) {
      if (error instanceof CaxtonError) return undefined;
      throw error;
    }
  }

  #get(prefix: Buffer): ModuleContent | undefined {
    const found = this.#table.get(manifestKey(prefix));
    if (found === undefined) return undefined;
    const manifest = jsonRecord('modules', prefix, found) as Manifest;
    const content = new Uint8Array(manifest.bytes);
    let at = 0;
    for (let i = 0; i < manifest.pieces; i++) {
      const piece = this.#table.get(pieceKey(prefix, i));
      if (piece === undefined || at + piece.length > content.length) throw damagedModule(prefix);
      content.set(piece, at);
      at += piece.length;
    }
    // What was metered runs as it is: it must be what metering made.
    if (manifest.sha256 !== undefined && manifest.sha256 !== hashOf(content)) {
      throw damagedModule(prefix);
    }
    return { content, info: manifest.info };
  }

  #deletePrefix(prefix: Buffer): void {
    this.#record(RECORD_DELETE_PREFIX, prefix, NO_BYTES);
  }

  #record(
    kind: typeof RECORD_PUT | typeof RECORD_DELETE_PREFIX,
    key: Uint8Array,
    value: Uint8Array,
  ): void {
    this.#channel.put({ kind, table: TABLE_MODULES, key, value });
  }
}
