/** Fields of a message to an agent, as each transport takes them. */
export interface Outgoing {
  readonly performative: 'request';
  readonly sender: string;
  readonly receiver: string;
  readonly conversation_id: string;
  readonly reply_with: string;
  readonly content: { readonly action: 'add'; readonly amount: 1; readonly sequence: number };
}

/**
 * What is known of a message that was sent: `accepted` and `refused` by what the server said,
 * `doubtful` when it said neither.
 */
export interface Sent {
  readonly agent: string;
  readonly sequence: number;
  /** Which process of the server it was sent to. */
  readonly epoch: number;
  readonly persist: boolean;
  state: 'accepted' | 'refused' | 'doubtful';
  messageId: string | undefined;
}

/** What one client sent in one round, in its order. */
export class Account {
  readonly name: string;
  readonly transport: string;
  /** By `reply_with`. */
  readonly sent = new Map<string, Sent>();

  constructor(name: string, transport: string) {
    this.name = name;
    this.transport = transport;
  }

  /** Makes the next message; it is doubtful until something is said of it. */
  next(agent: string, epoch: number, persist: boolean): Outgoing {
    const sequence = this.sent.size;
    const reply_with = `${this.name}#${sequence}`;
    this.sent.set(reply_with, {
      agent,
      sequence,
      epoch,
      persist,
      state: 'doubtful',
      messageId: undefined,
    });
    return {
      performative: 'request',
      sender: this.name,
      receiver: agent,
      conversation_id: `${this.name}-${agent}`,
      reply_with,
      content: { action: 'add', amount: 1, sequence },
    };
  }

  /** @param messageId undefined where the transport doesn't tell it */
  accept(message: Outgoing, messageId?: string): void {
    Object.assign(this.#entry(message), { state: 'accepted', messageId });
  }

  refuse(message: Outgoing): void {
    this.#entry(message).state = 'refused';
  }

  #entry({ reply_with }: Outgoing): Sent {
    const entry = this.sent.get(reply_with);
    if (entry === undefined) throw new Error(`never sent: ${reply_with}`);
    return entry;
  }
}
