import Table from 'cli-table3';
import { printable } from './printable.js';

export const OUTPUT_FORMATS = Object.freeze(['table', 'json'] as const);
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

type Cell = string | number | boolean | undefined;

/** Lines and columns, without frames and colours: easy to read and to cut up. */
const PLAIN = {
  chars: {
    ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
    ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
    ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '' },
    ...{ right: '', 'right-mid': '', middle: '  ' },
  },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
};

function cellText(cell: Cell): string {
  return cell === undefined ? '-' : printable(String(cell));
}

function trimmed(table: string): string {
  return table
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** One line per row under the names of the columns. */
export function columns(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const table = new Table({ ...PLAIN, head: head.map((name) => name.toUpperCase()) });
  for (const row of rows) table.push(row.map(cellText));
  return trimmed(table.toString());
}

/** One line per field; those that are undefined are left out. */
export function record<T extends { readonly [Name in keyof T]: Cell }>(fields: T): string {
  const table = new Table(PLAIN);
  for (const [name, value] of Object.entries<Cell>(fields)) {
    if (value !== undefined) table.push([name, cellText(value)]);
  }
  return trimmed(table.toString());
}

/** What a command prints on stdout: text for people, or JSON for programs. */
export class Output {
  readonly format: OutputFormat;

  constructor(format: OutputFormat) {
    this.format = format;
  }

  /** @param json the text for programs, printed as it is */
  print(json: string, table: () => string): void {
    process.stdout.write(`${this.format === 'json' ? json.trimEnd() : table()}\n`);
  }
}
