/** The part of a streaming call that matters here. */
interface StreamingCall {
  end(): unknown;
  on(event: 'cancelled' | 'finish' | 'close', listener: () => void): unknown;
}

type Handler = (call: StreamingCall, ...rest: unknown[]) => void;

/**
 * Streams that clients hold open: events, health watches and reflection. They never end by
 * themselves, so a server that stops has to end them, or it would wait for them.
 */
export class OpenStreams {
  readonly #open = new Map<StreamingCall, () => void>();

  /** Wraps the handlers of a service, so that the calls of the named one are known. */
  tracking<T extends object>(handlers: T, method: string): T {
    const handler = (handlers as Record<string, Handler>)[method]!;
    const tracked: Handler = (call, ...rest) => {
      this.track(call, () => call.end());
      handler(call, ...rest);
    };
    return { ...handlers, [method]: tracked };
  }

  /** @param end ends the call when the server stops */
  track(call: StreamingCall, end: () => void): void {
    this.#open.set(call, end);
    for (const event of ['cancelled', 'finish', 'close'] as const) {
      call.on(event, () => this.#open.delete(call));
    }
  }

  endAll(): void {
    for (const end of [...this.#open.values()]) end();
    this.#open.clear();
  }
}
