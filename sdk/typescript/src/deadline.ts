import { CaxtonError } from './error.js';

/** What ends a call early. */
export interface CallLimits {
  /** Aborting rejects the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Most that the call may take, all of its attempts together. */
  readonly timeoutMs?: number | undefined;
}

/** Longest delay of a timer; a longer one would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** One signal for the caller's own and for the time allowed; dispose it when the call has ended. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #follow = (): void => this.#controller.abort(this.#outer?.reason);

  constructor({ signal, timeoutMs }: CallLimits, what: string) {
    this.#outer = signal;
    if (signal?.aborted) this.#follow();
    else signal?.addEventListener('abort', this.#follow, { once: true });
    if (timeoutMs === undefined || timeoutMs > TIMER_MAX_MS) return;
    this.#timer = setTimeout(() => this.#controller.abort(timedOut(what, timeoutMs)), timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#follow);
  }
}

/** Calls back later, or never when that is longer than a timer can wait. @returns what ends it */
export function after(delayMs: number, call: () => void): () => void {
  if (delayMs > TIMER_MAX_MS) return () => {};
  const timer = setTimeout(call, delayMs);
  return () => clearTimeout(timer);
}

export function timedOut(what: string, timeoutMs: number): CaxtonError {
  return new CaxtonError({
    code: 'TIMEOUT',
    message: `${what} did not end within ${timeoutMs} ms. Allow it more with timeoutMs.`,
    details: { timeout_ms: timeoutMs },
  });
}

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal.addEventListener('abort', stop, { once: true });
  });
}
