/** A message as any of the APIs takes it, and the answer as any of them gives it. */
export interface Outgoing {
  readonly performative: string;
  readonly receiver: string;
  readonly content: object;
}

export interface Reply {
  readonly performative: string;
  readonly content: unknown;
}

/** A connection over one of the three APIs. */
export interface ApiConnection {
  readonly name: string;
  /** Sends a message and resolves with the reply to it. */
  ask(message: Outgoing): Promise<Reply>;
  close(): void;
}
