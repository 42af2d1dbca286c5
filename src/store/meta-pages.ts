import { readSync } from 'node:fs';

/** What one of the two meta pages of an LMDB file says: the state after one transaction. */
export interface MetaPage {
  readonly pageBytes: number;
  readonly transaction: number;
  /** Number of the last page that is in use; those behind it hold nothing. */
  readonly lastPage: number;
  readonly free: TreeRecord;
  readonly main: TreeRecord;
}

/** Where a tree is and how large. */
export interface TreeRecord {
  /** Page number; undefined when the tree is empty. */
  readonly root: number | undefined;
  readonly depth: number;
  /** Of all kinds. */
  readonly pages: number;
  readonly entries: number;
}

export const PAGE_HEADER_BYTES = 24;
const META_BYTES = PAGE_HEADER_BYTES + 144;
const FLAG_META = 8;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const PAGE_BYTES_MIN = 512;
const PAGE_BYTES_MAX = 65_536;

/** Both meta pages; undefined stands for one that is none. The first has the size of pages. */
export function readMetaPages(file: number): Array<MetaPage | undefined> {
  const first = readMetaPage(file, 0);
  if (first !== undefined) return [first, readMetaPage(file, first.pageBytes)];
  // Without the first its place tells nothing; nearly everywhere pages have this size.
  return [undefined, readMetaPage(file, 4_096)];
}

/** That of the latest transaction, which is what LMDB opens. */
export function newestMetaPage(metas: readonly (MetaPage | undefined)[]): MetaPage | undefined {
  const [first, second] = metas;
  if (first === undefined || second === undefined) return first ?? second;
  return second.transaction > first.transaction ? second : first;
}

function readMetaPage(file: number, at: number): MetaPage | undefined {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(file, bytes, 0, META_BYTES, at) !== META_BYTES) return undefined;
  const pageBytes = bytes.readUInt32LE(48);
  const isOne =
    (bytes.readUInt16LE(18) & FLAG_META) !== 0 &&
    bytes.readUInt32LE(24) === MAGIC &&
    (bytes.readUInt32LE(28) & 0xffff) === DATA_VERSION &&
    pageBytes >= PAGE_BYTES_MIN &&
    pageBytes <= PAGE_BYTES_MAX &&
    (pageBytes & (pageBytes - 1)) === 0;
  if (!isOne) return undefined;
  return {
    pageBytes,
    free: treeRecord(bytes, 48),
    main: treeRecord(bytes, 96),
    lastPage: Number(bytes.readBigUInt64LE(144)),
    transaction: Number(bytes.readBigUInt64LE(152)),
  };
}

/** All bits set stands for none. */
export function pageNumber(bytes: Buffer, at: number): number | undefined {
  const number = bytes.readBigUInt64LE(at);
  return number === 0xffff_ffff_ffff_ffffn ? undefined : Number(number);
}

/** From the 48 bytes at this place. */
export function treeRecord(bytes: Buffer, at: number): TreeRecord {
  const number = (place: number): number => Number(bytes.readBigUInt64LE(at + place));
  return {
    depth: bytes.readUInt16LE(at + 6),
    pages: number(8) + number(16) + number(24),
    entries: number(32),
    root: pageNumber(bytes, at + 40),
  };
}
