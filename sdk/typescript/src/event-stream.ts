import { after, timedOut } from './deadline.js';
import { CaxtonError, type ErrorBody } from './error.js';
import { Link, type LinkHandlers } from './link.js';
import { checkTimeout, type Settings } from './options.js';
import { ReplayGuard } from './replay-guard.js';
import type { MessageFrame, StreamFrame, SubscriptionRequest } from './stream-frame.js';

/** What may have been missed: while there was no connection, or because it was read too slowly. */
export interface Gap {
  /** How many; undefined = nobody knows. */
  readonly missed: number | undefined;
  readonly request: SubscriptionRequest;
}

export interface SubscribeOptions {
  /** Ends the subscription; `ready` then rejects with its reason, unless it had resolved. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Most that it may take until the server has taken the subscription; default: no end. `ready` then
   * rejects with TIMEOUT, and the subscription is closed.
   */
  readonly timeoutMs?: number | undefined;
}

export interface Subscription {
  /** The server's name for it in the present connection; undefined while it has none. */
  readonly id: string | undefined;
  /**
   * Resolves when the server has taken the subscription, so that nothing from then on is missed;
   * rejects when it refuses it.
   */
  readonly ready: Promise<void>;
  close(): void;
}

export interface StreamListeners {
  connected(): void;
  disconnected(error: CaxtonError): void;
  gap(gap: Gap): void;
  /** A subscription is refused, or the client is not let in. */
  failed(error: CaxtonError): void;
}

/** One subscription, over all the connections in which it is made anew. */
interface Entry {
  /** Without the place to begin at, which moves on: that is `lastSeq`. */
  readonly request: SubscriptionRequest;
  readonly handler: (frame: StreamFrame) => void;
  readonly guard: ReplayGuard;
  /** The server's name for it in the present connection. */
  subscriptionId: string | undefined;
  /** Where to go on; undefined while the server has not said that it can. */
  lastSeq: number | undefined;
  /** Whether it goes on from something, so that there may be a gap. */
  goesOn: boolean;
  wasReady: boolean;
  /** Whether a gap was told of in the present connection. */
  gapTold: boolean;
  closed: boolean;
  /** Ends what watches its signal and its time. */
  forget: () => void;
  stopTimer: () => void;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Any frame of the server. */
interface ServerFrame {
  readonly type: string;
  readonly seq: number;
  readonly subscription_id: string;
  readonly id?: number;
  readonly resumed?: boolean;
  readonly missed?: number | null;
  readonly may_repeat?: boolean;
  readonly error?: ErrorBody;
  readonly details?: { readonly dropped?: number; readonly first_seq?: number };
}

/** Subscriptions that outlive their connection: each is made anew in the next, where it ended. */
export class EventStream {
  readonly #settings: Settings;
  readonly #listeners: StreamListeners;
  readonly #mayConnect: LinkHandlers['mayConnect'];
  readonly #entries = new Set<Entry>();
  readonly #bySubscription = new Map<string, Entry>();
  /** Subscribe frames that are not answered yet. */
  readonly #asked = new Map<number, Entry>();
  #link: Link | undefined;
  #isLost = false;
  #frames = 0;

  constructor(
    settings: Settings,
    mayConnect: LinkHandlers['mayConnect'],
    listeners: StreamListeners,
  ) {
    this.#settings = settings;
    this.#mayConnect = mayConnect;
    this.#listeners = listeners;
  }

  subscribe(
    { resume_from, ...request }: SubscriptionRequest,
    handler: (frame: StreamFrame) => void,
    options: SubscribeOptions = {},
  ): Subscription {
    if (options.timeoutMs !== undefined) checkTimeout(options.timeoutMs);
    let entry: Entry | undefined;
    const ready = new Promise<void>((resolve, reject) => {
      entry = {
        request,
        handler,
        guard: new ReplayGuard(),
        subscriptionId: undefined,
        lastSeq: resume_from,
        goesOn: resume_from !== undefined,
        wasReady: false,
        gapTold: false,
        closed: false,
        forget: () => {},
        stopTimer: () => {},
        resolve,
        reject,
      };
    });
    // Who doesn't wait for it hears of a refusal as the client's error.
    ready.catch(() => {});
    const added = entry as unknown as Entry;
    this.#entries.add(added);
    this.#link ??= this.#connect();
    if (this.#link.isOpen) this.#ask(added);
    this.#watch(added, options);
    return {
      get id() {
        return added.subscriptionId;
      },
      ready,
      close: () => this.#close(added),
    };
  }

  /** Ends all subscriptions and the connection. */
  close(): void {
    for (const entry of [...this.#entries]) this.#close(entry);
  }

  #watch(entry: Entry, { signal, timeoutMs = Number.POSITIVE_INFINITY }: SubscribeOptions): void {
    const end = (reason: unknown): void => {
      entry.reject(reason);
      this.#close(entry);
    };
    const abort = (): void => end(signal?.reason);
    if (signal?.aborted) {
      abort();
      return;
    }
    signal?.addEventListener('abort', abort, { once: true });
    const stopTimer = after(timeoutMs, () => end(timedOut('The subscription', timeoutMs)));
    entry.forget = () => {
      stopTimer();
      signal?.removeEventListener('abort', abort);
    };
    // Its time is for becoming ready, its signal for as long as it is there.
    entry.stopTimer = stopTimer;
  }

  #connect(): Link {
    this.#isLost = false;
    return new Link(this.#settings, {
      mayConnect: this.#mayConnect,
      opened: () => {
        this.#isLost = false;
        for (const entry of this.#entries) this.#ask(entry);
        this.#listeners.connected();
      },
      received: (data) => {
        if (typeof data === 'string') this.#receive(JSON.parse(data) as ServerFrame);
      },
      lost: (error) => {
        this.#asked.clear();
        this.#bySubscription.clear();
        for (const entry of this.#entries) entry.subscriptionId = undefined;
        // Attempts to come back that fail as well are no further losses.
        if (!this.#isLost) this.#listeners.disconnected(error);
        this.#isLost = true;
      },
      refused: (error) => {
        const entries = [...this.#entries];
        this.#entries.clear();
        this.#link = undefined;
        for (const entry of entries) {
          entry.reject(error);
          entry.forget();
        }
        this.#listeners.failed(error);
      },
    });
  }

  #ask(entry: Entry): void {
    const id = ++this.#frames;
    this.#asked.set(id, entry);
    const resume = entry.lastSeq === undefined ? {} : { resume_from: entry.lastSeq };
    this.#link?.send(JSON.stringify({ type: 'subscribe', id, ...entry.request, ...resume }));
  }

  #receive(frame: ServerFrame): void {
    const asked = frame.id === undefined ? undefined : this.#asked.get(frame.id);
    if (asked !== undefined) {
      this.#asked.delete(frame.id as number);
      if (frame.error !== undefined) this.#refused(asked, CaxtonError.fromBody(frame.error));
      else this.#subscribed(asked, frame);
      return;
    }
    const entry = this.#bySubscription.get(frame.subscription_id);
    if (entry !== undefined && frame.type !== 'unsubscribed') this.#deliver(entry, frame);
  }

  #subscribed(entry: Entry, frame: ServerFrame): void {
    if (entry.closed) {
      this.#unsubscribe(frame.subscription_id);
      return;
    }
    entry.subscriptionId = frame.subscription_id;
    this.#bySubscription.set(frame.subscription_id, entry);
    const { goesOn } = entry;
    entry.goesOn = true;
    entry.wasReady = true;
    entry.stopTimer();
    // A server that can resume says where the stream begins. The place that it goes on from stands,
    // unless it lies ahead of the server's, whose clock was set back.
    if (typeof frame.seq === 'number') {
      if (entry.lastSeq === undefined) entry.guard.begins(frame.seq);
      else entry.guard.resumes(entry.lastSeq, frame.may_repeat ? frame.seq : 0);
      entry.lastSeq = Math.min(entry.lastSeq ?? frame.seq, frame.seq);
    }
    entry.resolve();
    entry.gapTold = goesOn && frame.resumed !== true;
    if (entry.gapTold) {
      this.#listeners.gap({ missed: frame.missed ?? undefined, request: entry.request });
    }
  }

  #refused(entry: Entry, error: CaxtonError): void {
    if (entry.closed) return;
    if (error.details.field === 'resume_from') {
      entry.lastSeq = undefined;
      this.#ask(entry);
    } else if (error.code === 'RATE_LIMITED') {
      const again = (): void => {
        if (!entry.closed && entry.subscriptionId === undefined && this.#link?.isOpen) {
          this.#ask(entry);
        }
      };
      setTimeout(again, error.retryAfterMs ?? 1_000);
    } else {
      entry.reject(error);
      this.#close(entry);
      this.#listeners.failed(error);
    }
  }

  #deliver(entry: Entry, frame: ServerFrame): void {
    const { details } = frame;
    if (frame.type === 'system.alert' && details?.dropped && details.first_seq) {
      // About this subscription alone, whatever it asked for.
      this.#advance(entry, frame.seq);
      this.#listeners.gap({ missed: details.dropped, request: entry.request });
      return;
    }
    if (frame.type === 'message') {
      const { message, seq } = frame as MessageFrame;
      const verdict = entry.guard.judge(message, seq);
      if (verdict === 'unknown') this.#uncertain(entry);
      if (verdict !== 'new') return;
    }
    this.#advance(entry, frame.seq);
    try {
      entry.handler(frame as StreamFrame);
    } catch (error) {
      // As an EventTarget does: the fault of one handler is nobody else's.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** A message came that most likely came before: once in a connection that is told as a gap. */
  #uncertain(entry: Entry): void {
    if (entry.gapTold) return;
    entry.gapTold = true;
    this.#listeners.gap({ missed: undefined, request: entry.request });
  }

  #advance(entry: Entry, seq: number): void {
    if (entry.lastSeq !== undefined && seq > entry.lastSeq) entry.lastSeq = seq;
  }

  #close(entry: Entry): void {
    if (entry.closed) return;
    entry.closed = true;
    entry.forget();
    this.#entries.delete(entry);
    if (!entry.wasReady) {
      entry.reject(new CaxtonError({ code: 'CLOSED', message: 'The subscription was closed.' }));
    }
    if (entry.subscriptionId !== undefined) {
      this.#bySubscription.delete(entry.subscriptionId);
      if (this.#link?.isOpen) this.#unsubscribe(entry.subscriptionId);
    }
    if (this.#entries.size > 0) return;
    this.#link?.close();
    this.#link = undefined;
    this.#asked.clear();
  }

  #unsubscribe(subscriptionId: string): void {
    this.#link?.send(JSON.stringify({ type: 'unsubscribe', subscription_id: subscriptionId }));
  }
}
