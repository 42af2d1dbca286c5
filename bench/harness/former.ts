import type { Row } from './row.js';

/** A ratio that is worse by more than this share is told of. */
const WORSE_SHARE = 0.2;

export interface Change {
  readonly name: string;
  readonly former: number;
  readonly now: number;
  /** 0.25 = worse by a quarter. */
  readonly worseBy: number;
}

/**
 * Ratios that became worse by more than a fifth. Only ratios are compared: both of their sides were
 * measured on one machine, so that they mean the same on another.
 */
export function compareWithFormer(rows: readonly Row[], former: readonly Row[]): Change[] {
  const before = new Map(former.map((row) => [row.name, row]));
  return rows.flatMap(({ name, better, ratio: now }) => {
    const ratio = before.get(name)?.ratio ?? null;
    if (ratio === null || now === null) return [];
    const worseBy = better === 'higher' ? 1 - now / ratio : now / ratio - 1;
    return worseBy > WORSE_SHARE ? [{ name, former: ratio, now, worseBy }] : [];
  });
}
