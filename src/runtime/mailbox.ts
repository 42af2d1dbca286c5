import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';

/** A frame that waits for its agent, whole, as it will be put into the ring. */
export interface WaitingFrame {
  readonly frame: Buffer;
  /** 0 to 9; higher goes first, equal ones in the order of arrival. */
  readonly priority: number;
}

export interface MailboxBounds {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * What one agent has before it: frames in its worker's ring (counted only; the ring holds them) and
 * frames that wait here because the ring window is used up or the agent can't take any now.
 */
export class Mailbox {
  readonly #bounds: MailboxBounds;
  // Index of the next one in `#waiting`; shifting a long array would cost its length each time.
  #waiting: WaitingFrame[] = [];
  #head = 0;
  #returned: Buffer[] = [];
  // Where the next one that comes back belongs: before those that never went out again.
  #returnedAt = 0;
  #waitingBytes = 0;
  inRing = 0;
  inRingBytes = 0;

  constructor(bounds: MailboxBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.inRing + this.waiting;
  }

  get waiting(): number {
    return this.#returned.length + this.#waiting.length - this.#head;
  }

  /** How full it is, by the bound that is nearer: 0 to 1. */
  get fill(): number {
    const bytes = this.inRingBytes + this.#waitingBytes;
    return Math.max(this.size / this.#bounds.messages, bytes / this.#bounds.bytes);
  }

  /** @throws CaxtonError RESOURCE_LIMIT_EXCEEDED when a message of so many bytes has no room */
  checkRoom(agentId: string, bytes: number): void {
    const { messages, bytes: limitBytes } = this.#bounds;
    const held = this.inRingBytes + this.#waitingBytes;
    if (this.size < messages && held + bytes <= limitBytes) return;
    const byNumber = this.size >= messages;
    const what = byNumber
      ? `${this.size} messages wait, and resources.mailbox allows ${messages}. Send again later, or deploy it with a larger resources.mailbox (default: limits.mailbox_messages of the server).`
      : `${this.size} messages of ${held} bytes wait, one of ${bytes} bytes comes, and limits.mailbox_bytes allows ${limitBytes}. Send again later, make content smaller, or raise limits.mailbox_bytes of the server.`;
    throw new CaxtonError(
      'RESOURCE_LIMIT_EXCEEDED',
      `The mailbox of agent '${agentId}' is full: ${what}`,
      {
        resource: 'mailbox',
        agent_id: agentId,
        ...(byNumber ? { limit: messages } : { limit_bytes: limitBytes }),
        retry_after_seconds: 1,
      },
    );
  }

  push(frame: Buffer, priority: number): void {
    this.#waitingBytes += frame.length;
    const entry = { frame, priority };
    let at = this.#waiting.length;
    while (at > this.#head && (this.#waiting[at - 1] as WaitingFrame).priority < priority) at -= 1;
    if (at === this.#waiting.length) this.#waiting.push(entry);
    else this.#waiting.splice(at, 0, entry);
  }

  /** A frame that came back unhandled goes before all that never left; returns keep their order. */
  pushReturned(frame: Buffer): void {
    this.#waitingBytes += frame.length;
    this.#returned.splice(this.#returnedAt, 0, frame);
    this.#returnedAt += 1;
  }

  peek(): Buffer | undefined {
    return this.#returned[0] ?? this.#waiting[this.#head]?.frame;
  }

  /** Takes away what `peek` gave. */
  shift(): Buffer {
    this.#returnedAt = 0;
    const frame = this.#returned.length > 0 ? (this.#returned.shift() as Buffer) : this.#next();
    this.#waitingBytes -= frame.length;
    return frame;
  }

  #next(): Buffer {
    const { frame } = this.#waiting[this.#head] as WaitingFrame;
    this.#head += 1;
    if (this.#head === this.#waiting.length || this.#head > 1_024) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return frame;
  }

  /** Empties what waits here, in order. */
  takeAll(): Buffer[] {
    const frames = [
      ...this.#returned,
      ...this.#waiting.slice(this.#head).map((entry) => entry.frame),
    ];
    this.#returned = [];
    this.#returnedAt = 0;
    this.#waiting = [];
    this.#head = 0;
    this.#waitingBytes = 0;
    return frames;
  }
}

const SMOOTHING = 0.125;
const FIRST_GUESS_US = 400;

/**
 * How many frames an agent may have in its worker's ring: about `LIMITS.dispatch_window_us` of
 * work, by what its last messages took. An agent that burns its whole fuel with each message gets
 * one at a time, so that its neighbours on the worker wait for one message and not for a thousand.
 */
export class DispatchWindow {
  #averageUs = FIRST_GUESS_US;
  #frames = Math.floor(LIMITS.dispatch_window_us / FIRST_GUESS_US);

  get frames(): number {
    return this.#frames;
  }

  observe(handlingUs: number): void {
    // A slow message counts at once, fast ones little by little.
    const weight = handlingUs > this.#averageUs ? 0.5 : SMOOTHING;
    this.#averageUs += (handlingUs - this.#averageUs) * weight;
    const fitting = Math.floor(LIMITS.dispatch_window_us / Math.max(this.#averageUs, 1));
    this.#frames = Math.min(Math.max(fitting, 1), LIMITS.dispatch_window_messages);
  }
}
