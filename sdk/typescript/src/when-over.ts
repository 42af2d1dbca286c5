import { type CallLimits, Deadline } from './deadline.js';
import type { Subscription } from './event-stream.js';

/** Something that ends some day, and tells by events that it may have. */
export interface Ending<State> {
  /** What to call it in an error. */
  readonly what: string;
  /** Calls back with each event that may be its end, and where events may have been missed. */
  watch(stir: () => void, signal: AbortSignal): readonly Subscription[];
  look(signal: AbortSignal): Promise<State>;
  isOver(state: State): boolean;
}

/**
 * Resolves with the state of something that is over.
 * @throws CaxtonError TIMEOUT after `timeoutMs`, by default without end; the signal's reason
 */
export async function whenOver<State>(ending: Ending<State>, limits: CallLimits): Promise<State> {
  const deadline = new Deadline(limits, ending.what);
  const { signal } = deadline;
  let subscriptions: readonly Subscription[] = [];
  try {
    signal.throwIfAborted();
    return await new Promise<State>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      const look = (): void => {
        ending.look(signal).then((state) => {
          if (ending.isOver(state)) resolve(state);
        }, reject);
      };
      subscriptions = ending.watch(look, signal);
      // From here on no event is missed; it may have been over before.
      Promise.all(subscriptions.map(({ ready }) => ready)).then(look, reject);
    });
  } finally {
    for (const subscription of subscriptions) subscription.close();
    deadline.dispose();
  }
}
