import type { Results, StoredRow } from '../harness/results.js';

/** The rows of results by their names, and figures as people read them. */
export class Figures {
  readonly results: Results;
  readonly #rows: ReadonlyMap<string, StoredRow>;

  constructor(results: Results) {
    this.results = results;
    this.#rows = new Map(results.rows.map((row) => [row.name, row]));
  }

  /** @throws when it was not measured */
  row(name: string): StoredRow {
    const row = this.#rows.get(name);
    if (row === undefined) throw new Error(`the results have no row '${name}'`);
    return row;
  }

  find(name: string): StoredRow | undefined {
    return this.#rows.get(name);
  }

  value(name: string): number {
    return this.row(name).value;
  }

  /** Rows whose names begin so, in their order. */
  startingWith(prefix: string): readonly StoredRow[] {
    return this.results.rows.filter(({ name }) => name.startsWith(prefix));
  }

  /** Of the names, the rows that were measured. */
  those(names: readonly string[]): readonly StoredRow[] {
    return names.map((name) => this.find(name)).filter((row) => row !== undefined);
  }
}

/** Three digits that count, thousands apart: 54,400, 0.569, 13.1; whole numbers stay whole. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size < 999.5) return Number.isInteger(value) ? String(value) : value.toPrecision(3);
  const scale = 10 ** (Math.floor(Math.log10(size * (1 + Number.EPSILON))) - 2);
  return (Math.round(value / scale) * scale).toLocaleString('en-US');
}

/** `0.569 (0.558–0.720)` */
export function ratioWithRange({ ratio, ratio_min, ratio_max }: StoredRow): string {
  if (ratio === null) return '';
  const range =
    ratio_min === null || ratio_max === null || ratio_min === ratio_max
      ? ''
      : ` (${figure(ratio_min)}–${figure(ratio_max)})`;
  return `${figure(ratio)}${range}`;
}
