import { closeSync, fstatSync, openSync } from 'node:fs';
import {
  type MetaPage,
  newestMetaPage,
  readMetaPages,
  type TreeRecord,
  treeRecord,
} from './meta-pages.js';
import { DamageError, NODE_TABLE, type PageNode, PageReader } from './page-reader.js';

export interface Damage {
  /** Name of the table, or what else of the file it is. */
  readonly part: string;
  readonly what: string;
}

export interface StructureReport {
  readonly damages: readonly Damage[];
  /** What was walked, smallest first, with its entries. */
  readonly tables: ReadonlyArray<{ readonly name: string; readonly entries: number }>;
  /** False when the time was over before everything was looked at. */
  readonly complete: boolean;
}

interface Tree extends TreeRecord {
  readonly name: string;
}

const DEPTH_MAX = 32;
const TABLE_RECORD_BYTES = 48;
const FREE_LIST = 'the list of free pages';
/** So many pages are walked between two looks at the clock. */
const PAGES_PER_LOOK = 64;

class TimeOver extends Error {}

export interface StructureOptions {
  /** After so long the rest is left out; the largest tables come last. */
  readonly timeoutMs?: number;
  /** Looks at each value too. @returns what is wrong with it */
  readonly record?: (table: string, key: Buffer, value: Buffer) => string | undefined;
}

/**
 * Walks the file of a store, which nobody may be writing to: whether LMDB can follow each of its
 * pages to the next. An empty file is a new store.
 */
export function checkStructure(path: string, options: StructureOptions = {}): StructureReport {
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).size === 0) return { damages: [], tables: [], complete: true };
    const metas = readMetaPages(file);
    const newest = newestMetaPage(metas);
    if (newest === undefined) {
      const what = 'the first two pages are damaged, or this is no file of LMDB';
      return { damages: [{ part: 'the file', what }], tables: [], complete: false };
    }
    const walk = new Walk(file, newest, options);
    // LMDB picks the later of the two without asking whether it is one.
    if (metas.includes(undefined))
      walk.damaged(
        'the file',
        `page ${metas.indexOf(undefined)}, one of the two that say where all else is, is damaged`,
      );
    return walk.run(newest);
  } finally {
    closeSync(file);
  }
}

class Walk {
  readonly #reader: PageReader;
  readonly #deadlineMs: number;
  readonly #free: Array<readonly [first: number, run: number]> = [];
  readonly #damages: Damage[] = [];
  readonly #tables: Array<{ name: string; entries: number }> = [];
  readonly #record: StructureOptions['record'];
  #pages = 0;

  constructor(file: number, meta: MetaPage, options: StructureOptions) {
    this.#reader = new PageReader(file, meta);
    this.#deadlineMs = performance.now() + (options.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#record = options.record;
  }

  damaged(part: string, what: string): void {
    this.#damages.push({ part, what });
  }

  run(meta: MetaPage): StructureReport {
    const found: Tree[] = [];
    let complete = true;
    try {
      this.#tree({ name: FREE_LIST, ...meta.free }, (node) => this.#checkFree(node, meta.lastPage));
      this.#tree({ name: 'the list of tables', ...meta.main }, (node) => found.push(tableOf(node)));
      // Small ones first: what agents and settings need is seen before the time is over.
      found.sort((a, b) => a.pages - b.pages);
      for (const tree of found) {
        const count = this.#tree(tree, (node) => this.#look(tree.name, node));
        if (count !== undefined) this.#tables.push({ name: tree.name, entries: count });
      }
      this.#checkFreeAgainstUsed();
    } catch (error) {
      if (!(error instanceof TimeOver)) throw error;
      complete = false;
    }
    return { damages: this.#damages, tables: this.#tables, complete };
  }

  /** @returns how many entries it has; undefined when it is damaged */
  #tree(tree: Tree, take: (node: PageNode) => void): number | undefined {
    try {
      const count = tree.root === undefined ? 0 : this.#below(tree, tree.root, 1, take);
      if (count === tree.entries) return count;
      this.damaged(tree.name, `${count} entries are there of ${tree.entries}`);
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      this.damaged(tree.name, error.message);
    }
    return undefined;
  }

  #below(tree: Tree, number: number, depth: number, take: (node: PageNode) => void): number {
    if (++this.#pages % PAGES_PER_LOOK === 0 && performance.now() > this.#deadlineMs) {
      throw new TimeOver();
    }
    if (depth > Math.min(tree.depth, DEPTH_MAX)) {
      throw new DamageError(`page ${number} lies deeper than the table is`);
    }
    const { isLeaf, nodes } = this.#reader.tree(number);
    if (isLeaf !== (depth === tree.depth)) {
      throw new DamageError(`page ${number} lies at a wrong depth`);
    }
    // The free list's keys are numbers; the first key of a branch stands for all below it.
    if (tree.name !== FREE_LIST) checkOrder(nodes, isLeaf ? 0 : 1, number);
    let count = 0;
    for (const node of nodes) {
      if (isLeaf) take(node);
      count += isLeaf ? 1 : this.#below(tree, node.child, depth + 1, take);
    }
    return count;
  }

  #look(table: string, node: PageNode): void {
    if (this.#record === undefined) {
      this.#reader.value(node, 0);
      return;
    }
    const what = this.#record(table, node.key, this.#reader.value(node));
    if (what !== undefined) this.damaged(table, what);
  }

  #checkFreeAgainstUsed(): void {
    for (const [first, run] of this.#free) {
      for (let page = first; page < first + run; page++) {
        if (!this.#reader.isUsed(page)) continue;
        this.damaged(FREE_LIST, `it names page ${page}, which is in use`);
        return;
      }
    }
  }

  /** A free page that isn't one would be written over. */
  #checkFree(node: PageNode, lastPage: number): void {
    const list = this.#reader.value(node);
    const count = list.length >= 8 ? Number(list.readBigUInt64LE(0)) : -1;
    if (count < 0 || 8 * (count + 1) > list.length) {
      throw new DamageError('an entry is longer than its value');
    }
    let run = 1;
    for (let i = 1; i <= count; i++) {
      const number = Number(list.readBigInt64LE(8 * i));
      if (number > 0) {
        if (number < 2 || number + run - 1 > lastPage) {
          throw new DamageError(`it names page ${number}, which is none of its pages`);
        }
        this.#free.push([number, run]);
      }
      // A negative number is the length of the run of pages that the next one begins; 0 is nothing.
      run = number < 0 ? -number : 1;
    }
  }
}

function checkOrder(nodes: readonly PageNode[], from: number, page: number): void {
  for (let i = from + 1; i < nodes.length; i++) {
    if (Buffer.compare(nodes[i - 1]!.key, nodes[i]!.key) < 0) continue;
    throw new DamageError(`page ${page} is out of order`);
  }
}

function tableOf(node: PageNode): Tree {
  const { value, flags, key } = node;
  if (flags !== NODE_TABLE || value.length !== TABLE_RECORD_BYTES) {
    throw new DamageError('it has an entry that is no table');
  }
  return { name: key.toString('latin1').replace(/\0+$/, ''), ...treeRecord(value, 0) };
}
