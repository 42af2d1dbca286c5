/** A number with commas between thousands. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** "1 thread", "2 threads" */
export function numbered(value: number, what: string): string {
  return `${count(value)} ${what}${value === 1 ? '' : 's'}`;
}

/** Three digits that mean something, in the unit that fits. */
export function microseconds(us: number): string {
  if (us < 1_000) return `${digits(us)} µs`;
  if (us < 1_000_000) return `${digits(us / 1_000)} ms`;
  return `${digits(us / 1_000_000)} s`;
}

export function seconds(ms: number): string {
  return `${digits(ms / 1_000)} s`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 2 : 1)} %`;
}

function digits(value: number): string {
  if (value >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}
