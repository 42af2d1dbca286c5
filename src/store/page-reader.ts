import { fstatSync, readSync } from 'node:fs';
import { type MetaPage, PAGE_HEADER_BYTES, pageNumber } from './meta-pages.js';
import { PageSet } from './page-set.js';

/** What is wrong at one place of a store's file. */
export class DamageError extends Error {
  override readonly name = 'DamageError';
}

/** One entry of a page: what it leads to, or what it holds. */
export interface PageNode {
  readonly flags: number;
  readonly key: Buffer;
  /** Of a branch: the page below. */
  readonly child: number;
  /** Of a leaf: the value, or where it lies. */
  readonly value: Buffer;
  readonly valueBytes: number;
}

export interface TreePage {
  readonly isLeaf: boolean;
  readonly nodes: readonly PageNode[];
}

export const NODE_BIG = 1;
export const NODE_TABLE = 2;
const FLAG_BRANCH = 1;
const FLAG_LEAF = 2;
const FLAG_OVERFLOW = 4;
const NODE_HEADER_BYTES = 8;
const PLACE_BYTES = 24;

/**
 * Reads pages of LMDB's file from the disk, not from a map, and believes nothing that they say:
 * LMDB itself follows what it finds, out of the map if need be, which ends the process.
 */
export class PageReader {
  readonly #file: number;
  readonly #pageBytes: number;
  readonly #pages: number;
  readonly #seen: PageSet;
  readonly #page: Buffer;

  constructor(file: number, meta: MetaPage) {
    this.#file = file;
    this.#pageBytes = meta.pageBytes;
    const pagesThere = Math.floor(fstatSync(file).size / meta.pageBytes);
    this.#pages = Math.min(pagesThere, meta.lastPage + 1);
    this.#seen = new PageSet(this.#pages);
    this.#page = Buffer.alloc(meta.pageBytes);
  }

  /** @throws DamageError */
  tree(number: number): TreePage {
    const page = this.#read(number);
    const flags = page.readUInt16LE(18);
    if (flags !== FLAG_BRANCH && flags !== FLAG_LEAF) throw broken(number);
    const isLeaf = flags === FLAG_LEAF;
    const room = page.length - PAGE_HEADER_BYTES;
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const count = lower / 2;
    if (lower % 2 !== 0 || lower > upper || upper > room) throw broken(number);
    if (count < (isLeaf ? 1 : 2)) throw broken(number);
    const nodes: PageNode[] = [];
    for (let i = 0; i < count; i++) {
      const at = page.readUInt16LE(PAGE_HEADER_BYTES + 2 * i);
      if (at < upper || at + NODE_HEADER_BYTES > room) throw broken(number);
      nodes.push(nodeAt(page, PAGE_HEADER_BYTES + at, isLeaf, number));
    }
    return { isLeaf, nodes };
  }

  /** The value of an entry, of which only the beginning is read where `most` is less. */
  value(node: PageNode, most: number = Number.POSITIVE_INFINITY): Buffer {
    if ((node.flags & NODE_BIG) === 0) return node.value.subarray(0, most);
    const first = this.#checkOverflow(node);
    const value = Buffer.alloc(Math.min(node.valueBytes, most));
    const at = first * this.#pageBytes + PAGE_HEADER_BYTES;
    if (readSync(this.#file, value, 0, value.length, at) !== value.length) throw missing(first);
    return value;
  }

  /** Whether anything read so far lies on this page. */
  isUsed(number: number): boolean {
    return this.#seen.has(number);
  }

  /** Values that have pages of their own: those are there and say that they are. */
  #checkOverflow(node: PageNode): number {
    const first = pageNumber(node.value, 0) ?? this.#pages;
    const pages = Number(node.value.readBigUInt64LE(16));
    const needed = Math.ceil((PAGE_HEADER_BYTES + node.valueBytes) / this.#pageBytes);
    const page = this.#read(first);
    const isOne = page.readUInt16LE(18) === FLAG_OVERFLOW && page.readUInt32LE(20) === pages;
    if (!isOne || pages !== needed) throw broken(first);
    if (first + pages > this.#pages) throw missing(first + pages - 1);
    for (let next = first + 1; next < first + pages; next++) {
      if (this.#seen.has(next)) throw new DamageError(`page ${next} is used twice`);
      this.#seen.add(next);
    }
    return first;
  }

  #read(number: number): Buffer {
    if (number < 2 || number >= this.#pages) throw missing(number);
    if (this.#seen.has(number)) throw new DamageError(`page ${number} is used twice`);
    this.#seen.add(number);
    const at = number * this.#pageBytes;
    const length = readSync(this.#file, this.#page, 0, this.#pageBytes, at);
    if (length !== this.#pageBytes) throw missing(number);
    if (pageNumber(this.#page, 0) !== number) throw broken(number);
    return this.#page;
  }
}

function nodeAt(page: Buffer, at: number, isLeaf: boolean, number: number): PageNode {
  const low = page.readUInt32LE(at);
  const flags = page.readUInt16LE(at + 4);
  const keyEnd = at + NODE_HEADER_BYTES + page.readUInt16LE(at + 6);
  const isBig = isLeaf && (flags & NODE_BIG) !== 0;
  const here = isLeaf ? (isBig ? PLACE_BYTES : low) : 0;
  if (keyEnd + here > page.length) throw broken(number);
  return {
    flags: isLeaf ? flags : 0,
    // Copied: the page's memory is used again.
    key: Buffer.from(page.subarray(at + NODE_HEADER_BYTES, keyEnd)),
    child: isLeaf ? 0 : low + flags * 2 ** 32,
    value: Buffer.from(page.subarray(keyEnd, keyEnd + here)),
    valueBytes: isLeaf ? low : 0,
  };
}

function broken(number: number): DamageError {
  return new DamageError(`page ${number} holds something else than it should`);
}

function missing(number: number): DamageError {
  return new DamageError(
    `page ${number} is missing: the file is shorter, or what names it is wrong`,
  );
}
