/** What a load generator in a process of its own prints. */
export interface WindowResult {
  /** Of the time that counts. */
  readonly perSecond: number;
  /** All that was done, also before and after the time that counts. */
  readonly total: number;
}

export interface WindowTimes {
  readonly seconds: number;
  /** Not counted, at the start. */
  readonly warmSeconds: number;
}

/**
 * Keeps a number of things under way for a time, then waits for the last of them. `ended` is called
 * for each that is done, with its worth.
 */
export function keepUnderWay(
  { seconds, warmSeconds }: WindowTimes,
  window: number,
  begin: (ended: (amount?: number) => void) => void,
): Promise<WindowResult> {
  return new Promise((resolve) => {
    let underWay = 0;
    let total = 0;
    let counted = 0;
    const countFrom = performance.now() + warmSeconds * 1_000;
    const end = countFrom + seconds * 1_000;
    const ended = (amount = 1): void => {
      const now = performance.now();
      underWay -= 1;
      total += amount;
      if (now >= countFrom && now < end) counted += amount;
      if (now < end) one();
      else if (underWay === 0) resolve({ perSecond: counted / seconds, total });
    };
    const one = (): void => {
      underWay += 1;
      begin(ended);
    };
    for (let i = 0; i < window; i++) one();
  });
}

/** Reads what the starting process passes, and prints what comes of it. */
export async function answerParent<Input>(
  work: (input: Input) => Promise<unknown>,
): Promise<never> {
  const result = await work(JSON.parse(process.argv[2] as string) as Input);
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
  return new Promise(() => undefined);
}
