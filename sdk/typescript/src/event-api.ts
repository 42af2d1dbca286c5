import type { CaxtonError } from './error.js';
import { EventStream, type Gap, type SubscribeOptions, type Subscription } from './event-stream.js';
import type { EventOf, EventPattern } from './event-types.js';
import { HttpCaller } from './http-caller.js';
import type { Message, Performative } from './operation-types.js';
import { type ClientOptions, type Settings, settingsOf } from './options.js';
import type { FrameOf, StreamFrame, SubscriptionRequest } from './stream-frame.js';

/** What the client tells of its own stream. */
export interface ClientEvents {
  /** A subscription was refused, or the server does not let this client in. */
  error: CaxtonError;
  /** Events or messages may have been missed: look at the state anew. */
  gap: Gap;
  /** The stream's connection is there, for the first time or again. */
  connected: undefined;
  /** It is lost, or didn't come about; told once, until it is there: it comes back by itself. */
  disconnected: CaxtonError;
}

/** Which messages to get. Conditions all have to hold; none = every message. */
export interface MessageFilter {
  /** With one of these at either end: agents by id or name, clients by name. */
  readonly agents?: readonly string[];
  readonly performatives?: readonly Performative[];
  readonly conversation_id?: string;
  /** Makes this client the receiver of that name; alone, it asks for what is sent to it. */
  readonly client_id?: string;
}

export interface EventOptions extends SubscribeOptions {
  /** Only events about one of these agents, by id or name. */
  readonly agents?: readonly string[];
}

type Listener = (value: never) => void;

const OWN_EVENTS: ReadonlySet<string> = new Set<keyof ClientEvents>([
  'error',
  'gap',
  'connected',
  'disconnected',
]);
/** Most that asking whether the client is let in may take. */
const CONNECT_CHECK_MS = 3_000;
const NOTHING: Subscription = Object.freeze({
  id: undefined,
  ready: Promise.resolve(),
  close: () => {},
});

/** What the client does with events and messages that come by themselves. */
export abstract class EventApi {
  protected readonly settings: Settings;
  protected readonly caller: HttpCaller;
  readonly #stream: EventStream;
  readonly #own = new Map<string, Set<Listener>>();
  readonly #handlers = new Map<string, Map<Listener, Subscription>>();

  /** @throws TypeError when an option can't be used */
  constructor(options: ClientOptions) {
    this.settings = settingsOf(options);
    this.caller = new HttpCaller(this.settings);
    this.#stream = new EventStream(this.settings, this.mayConnect, {
      connected: () => this.#tell('connected', undefined),
      disconnected: (error) => this.#tell('disconnected', error),
      gap: (gap) => this.#tell('gap', gap),
      failed: (error) => this.#fail(error),
    });
  }

  /**
   * Calls the handler with each event of a type, of a kind (`agent.*`), or with all (`*`). The
   * connection that this needs comes back by itself, and goes on where it ended.
   */
  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: (value: ClientEvents[Name]) => void,
  ): Subscription;
  on<Pattern extends EventPattern>(
    pattern: Pattern,
    handler: (event: EventOf<Pattern>) => void,
    options?: EventOptions,
  ): Subscription;
  on(name: string, handler: Listener, options: EventOptions = {}): Subscription {
    if (OWN_EVENTS.has(name)) {
      const listeners = this.#own.get(name) ?? new Set();
      this.#own.set(name, listeners.add(handler));
      return { ...NOTHING, close: () => listeners.delete(handler) };
    }
    this.off(name, handler);
    const { agents, signal } = options;
    const subscription = this.#stream.subscribe(
      { events: [name as EventPattern], ...(agents && { filters: { agent_ids: agents } }) },
      handler as unknown as (frame: StreamFrame) => void,
      options,
    );
    signal?.addEventListener('abort', () => this.off(name, handler), { once: true });
    const handlers = this.#handlers.get(name) ?? new Map<Listener, Subscription>();
    this.#handlers.set(name, handlers.set(handler, subscription));
    return {
      get id() {
        return subscription.id;
      },
      ready: subscription.ready,
      close: () => this.off(name, handler),
    };
  }

  /** Ends what `on` began. */
  off(name: keyof ClientEvents | EventPattern | (string & {}), handler: Listener): void {
    this.#own.get(name)?.delete(handler);
    const handlers = this.#handlers.get(name);
    handlers?.get(handler)?.close();
    handlers?.delete(handler);
  }

  /** Calls the handler with each message that fits. */
  onMessage(
    filter: MessageFilter,
    handler: (message: Message) => void,
    options: SubscribeOptions = {},
  ): Subscription {
    const { client_id, ...conditions } = filter;
    // Without conditions a name alone asks for what is sent to it, and not for everything.
    const named = client_id !== undefined && Object.keys(conditions).length === 0;
    return this.#stream.subscribe(
      {
        ...(!named && { filter: conditions }),
        ...(client_id !== undefined && { client_id }),
      },
      (frame) => {
        if (frame.type === 'message') handler(frame.message);
      },
      options,
    );
  }

  /** A subscription with everything that docs/websocket.md has for it; it gets frames as they are. */
  subscribe<const Request extends SubscriptionRequest>(
    request: Request,
    handler: (frame: FrameOf<Request>) => void,
    options: SubscribeOptions = {},
  ): Subscription {
    return this.#stream.subscribe(request, handler as (frame: StreamFrame) => void, options);
  }

  close(): void {
    this.#stream.close();
    this.#handlers.clear();
  }

  protected readonly mayConnect = (signal: AbortSignal): Promise<unknown> =>
    new HttpCaller({
      ...this.settings,
      retry: { ...this.settings.retry, retries: 0 },
      firstContactRetries: 0,
    }).call('systemStatus', {}, { signal, timeoutMs: CONNECT_CHECK_MS });

  #tell<Name extends keyof ClientEvents>(name: Name, value: ClientEvents[Name]): void {
    for (const listener of this.#own.get(name) ?? []) listener(value as never);
  }

  #fail(error: CaxtonError): void {
    if ((this.#own.get('error')?.size ?? 0) > 0) this.#tell('error', error);
    // Nobody listens, and a handler that is never called is hard to find.
    else console.error(`@caxton/sdk: ${error.code}: ${error.message}`);
  }
}
