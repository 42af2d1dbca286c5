import type { Envelope, Message } from '../fipa/message.js';

export interface Inbox {
  /** Takes a message for the server itself. What it wants to send it sends later, not in this call. */
  readonly take: (message: Message) => void;
  /** The conversation of a message to it that names none; undefined: it begins one of its own. */
  readonly conversationFor: (message: Envelope) => string | undefined;
}

/**
 * Receivers inside the server: names that are neither agents nor clients, such as those of tasks,
 * which take part in conversations. Nobody else can send under these names.
 */
export class Inboxes {
  readonly #inboxes = new Map<string, Inbox>();

  has(name: string): boolean {
    return this.#inboxes.has(name);
  }

  open(name: string, inbox: Inbox): void {
    this.#inboxes.set(name, inbox);
  }

  close(name: string): void {
    this.#inboxes.delete(name);
  }

  /** The inbox that a message is for. Costs the message path nothing while there is none at all. */
  of(message: Envelope): Inbox | undefined {
    return this.#inboxes.size === 0 ? undefined : this.#inboxes.get(message.receiver);
  }
}
