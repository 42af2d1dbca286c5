/** Text of the demo: headings, lines in columns, and numbers as people read them. */

export function heading(text: string): void {
  console.log(`\n${text}`);
}

export function line(...cells: readonly (readonly [text: string, width: number])[]): void {
  const text = cells.map(([cell, width]) => fit(cell, width)).join('  ');
  console.log(`  ${text.trimEnd()}`);
}

/** A negative width aligns to the right. */
function fit(text: string, width: number): string {
  return width < 0 ? text.padStart(-width) : text.padEnd(width);
}

export function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Stops the demo with a reason when something is not as it must be. */
export function expect(condition: unknown, reason: string): asserts condition {
  if (!condition) throw new Error(reason);
}

/** What a promise gives, and how long it took from now on. */
export async function timed<T>(work: Promise<T>): Promise<{ result: T; ms: number }> {
  const startMs = performance.now();
  const result = await work;
  return { result, ms: performance.now() - startMs };
}
