/** Why a message was not answered as it should be. */
export interface Failure {
  /** Of the server's table of errors, or one of `LOCAL_CODES`. */
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** What is no answer of the server, with a code of its own. */
export const LOCAL_CODES = Object.freeze({
  /** The connection could not be made, or was lost. */
  unreachable: 'UNREACHABLE',
  /** Nothing came within the timeout, not even the server's own TIMEOUT. */
  noAnswer: 'NO_ANSWER',
  /** What came is no answer of a Caxton server. */
  strange: 'INVALID_ANSWER',
});

/** A message from its send to its answer. */
export interface Sending {
  /** It was accepted, or answered by a reply with this act. */
  succeeded(replyAct?: string): void;
  failed(failure: Failure): void;
}

/** One connection to the server. A lost one comes back with the next message. */
export interface Lane {
  /**
   * Makes the connection beforehand, where that can be done.
   * @throws when there is none to be had
   */
  open(): Promise<void>;
  /** Sends the message to one of the receivers; one of the sending's methods is called, later. */
  send(receiver: number, sending: Sending): void;
  /** Nobody waits for this one any more. */
  abandon(sending: Sending): void;
  close(): void;
}

/** @param fields an error as the server's APIs tell it */
export function failureOf(
  fields: { code?: unknown; message?: unknown; details?: unknown } | undefined,
): Failure {
  if (typeof fields?.code !== 'string' || typeof fields.message !== 'string') {
    return { code: LOCAL_CODES.strange, message: 'The answer is not that of a Caxton server.' };
  }
  const { code, message } = fields;
  return { code, message, details: fields.details as Failure['details'] };
}

export function connectionFailure(error: unknown): Failure {
  const { message, code } = error as NodeJS.ErrnoException;
  return { code: LOCAL_CODES.unreachable, message: message || code || String(error) };
}
