/** The middle value: one disturbed round does not move it. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The mean of ratios: twice as slow and twice as fast make 1. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/**
 * Each value over the baselines measured right before and right after it, so that a machine that
 * becomes faster or slower during the rounds moves the ratios up as often as down.
 */
export function neighbourRatios(
  values: readonly number[],
  baselines: readonly number[],
): readonly number[] {
  return values.flatMap((value, round) =>
    [baselines[round], baselines[round + 1]]
      .filter((baseline) => baseline !== undefined)
      .map((baseline) => value / baseline),
  );
}
