import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 10;

/**
 * Asks again until there is an answer: for what happens soon after, but not before, a call returns.
 * @param what says in the failure what did not happen
 */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadlineMs) throw new Error(`did not happen in ${PATIENCE_MS} ms: ${what}`);
    await sleep(PAUSE_MS);
  }
}
