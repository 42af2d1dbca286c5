import { world } from '../world.js';

/*
 * In the place of the lmdb package: the calls that src/store makes, over sorted arrays in memory.
 * A transaction's changes are there all at once or not at all; what was committed outlives the
 * simulated process, as a file does.
 */

interface Entry {
  readonly text: string;
  readonly key: Buffer;
  readonly value: Buffer;
}

type Rows = readonly Entry[];

interface Range {
  readonly start?: Uint8Array;
  readonly end?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly inclusiveEnd?: boolean;
  readonly transaction?: Snapshot;
}

class Snapshot {
  readonly rows: ReadonlyMap<string, Rows>;

  constructor(rows: ReadonlyMap<string, Rows>) {
    this.rows = rows;
  }

  done(): void {}
}

/** What stands for one file. */
export class Disk {
  committed: ReadonlyMap<string, Rows> = new Map();
  /** Whether commits fail. */
  isFull = false;
  commits = 0;
}

/** What the system says. */
export function noSpace(): Error {
  world()?.count('commits failed');
  return Object.assign(new Error('No space left on device'), { code: 'ENOSPC' });
}

const disks = new Map<string, Disk>();

export function diskOf(path: string): Disk {
  const disk = disks.get(path) ?? new Disk();
  disks.set(path, disk);
  return disk;
}

export function forgetDisk(path: string): void {
  disks.delete(path);
}

const textOf = (key: Uint8Array): string =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');

function placeOf(rows: Rows, text: string): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle] as Entry).text < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One thread's view of the file. */
class Root {
  readonly #disk: Disk;
  /** Changed in the transaction that runs. */
  #changed: Map<string, Entry[]> | undefined;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  openDB({ name }: { name: string }): Table {
    return new Table(this, name);
  }

  rows(name: string, snapshot?: Snapshot): Rows {
    const source = snapshot?.rows ?? this.#disk.committed;
    return (snapshot === undefined && this.#changed?.get(name)) || (source.get(name) ?? []);
  }

  transactionSync(work: () => void): void {
    this.#changed = new Map();
    try {
      work();
      if (this.#disk.isFull) throw noSpace();
      this.#disk.committed = new Map([...this.#disk.committed, ...this.#changed]);
      this.#disk.commits += 1;
    } finally {
      this.#changed = undefined;
    }
  }

  change(name: string, change: (rows: Entry[]) => void): void {
    if (this.#changed === undefined) {
      this.transactionSync(() => this.change(name, change));
      return;
    }
    const rows = this.#changed.get(name) ?? [...this.rows(name)];
    this.#changed.set(name, rows);
    change(rows);
  }

  resetReadTxn(): void {}

  useReadTransaction(): Snapshot {
    return new Snapshot(this.#disk.committed);
  }

  async close(): Promise<void> {}
}

class Table {
  readonly #root: Root;
  readonly #name: string;

  constructor(root: Root, name: string) {
    this.#root = root;
    this.#name = name;
  }

  get(key: Uint8Array, { transaction }: { transaction?: Snapshot } = {}): Buffer | undefined {
    const rows = this.#root.rows(this.#name, transaction);
    const text = textOf(key);
    const entry = rows[placeOf(rows, text)];
    return entry?.text === text ? Buffer.from(entry.value) : undefined;
  }

  putSync(key: Uint8Array, value: Uint8Array): void {
    const text = textOf(key);
    const entry = { text, key: Buffer.from(key), value: Buffer.from(value) };
    this.#root.change(this.#name, (rows) => {
      const at = placeOf(rows, text);
      rows.splice(at, rows[at]?.text === text ? 1 : 0, entry);
    });
  }

  removeSync(key: Uint8Array): void {
    const text = textOf(key);
    this.#root.change(this.#name, (rows) => {
      const at = placeOf(rows, text);
      if (rows[at]?.text === text) rows.splice(at, 1);
    });
  }

  getKeys(range: Range = {}): Buffer[] {
    return this.#range(range).map(({ key }) => Buffer.from(key));
  }

  getRange(range: Range = {}): Array<{ key: Buffer; value: Buffer }> {
    const entries = this.#range(range);
    return entries.map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) }));
  }

  #range(range: Range): Rows {
    const { start, end, reverse = false, inclusiveEnd = false, limit } = range;
    const rows = this.#root.rows(this.#name, range.transaction);
    const from = start && textOf(start);
    const to = end && textOf(end);
    const chosen: Entry[] = [];
    const beforeEnd = (text: string): boolean =>
      to === undefined || (reverse ? text > to : text < to) || (inclusiveEnd && text === to);
    let at = firstOf(rows, from, reverse);
    while (at >= 0 && at < rows.length && chosen.length < (limit ?? Number.POSITIVE_INFINITY)) {
      const entry = rows[at] as Entry;
      if (!beforeEnd(entry.text)) break;
      chosen.push(entry);
      at += reverse ? -1 : 1;
    }
    return chosen;
  }
}

function firstOf(rows: Rows, from: string | undefined, reverse: boolean): number {
  if (from === undefined) return reverse ? rows.length - 1 : 0;
  const at = placeOf(rows, from);
  if (!reverse) return at;
  return rows[at]?.text === from ? at : at - 1;
}

export function open({ path }: { path: string }): Root {
  return new Root(diskOf(path));
}
