import type { CaxtonClient, Gap, StreamFrame, SubscriptionRequest } from '@caxton/sdk';
import type { Connection } from './connection.js';
import { StopSignals } from './stop-signals.js';

export interface StreamOptions {
  readonly request: SubscriptionRequest;
  /** End after so many frames. */
  readonly count?: number | undefined;
  /** Whether it goes on over another connection when the first is lost. */
  readonly comesBack: boolean;
  /** @param text the frame as it came */
  print(frame: StreamFrame, text: string): void;
}

/**
 * Prints what a subscription gets until the user interrupts it or the count is reached. What a
 * reader of stdout has to know beside it goes to stderr.
 * @throws ApiError, UnreachableError
 */
export async function stream(connection: Connection, options: StreamOptions): Promise<void> {
  const client = await connection.client();
  const stop = new StopSignals();
  try {
    await new Promise<void>((resolve, reject) => {
      stop.signal.addEventListener('abort', () => resolve());
      const fail = (error: unknown): void => reject(connection.streamFailure(error));
      const print = (frame: StreamFrame): void => options.print(frame, connection.frameText);
      client.on('error', fail);
      begin(client, { ...options, print }, resolve, fail);
    });
  } finally {
    stop.dispose();
    client.close();
  }
}

type Frames = Omit<StreamOptions, 'print'> & { print(frame: StreamFrame): void };

function begin(
  client: CaxtonClient,
  { request, count = Number.POSITIVE_INFINITY, comesBack, print }: Frames,
  done: () => void,
  fail: (error: unknown) => void,
): void {
  let left = count;
  let isLost = false;
  const subscription = client.subscribe(request, (frame) => {
    // Frames that came in one piece with the last one wanted.
    if (left <= 0) return;
    print(frame);
    left -= 1;
    if (left <= 0) done();
  });
  let hasBegun = false;
  subscription.ready.then(
    () => {
      hasBegun = true;
      note(`subscribed as ${subscription.id}; stop with Ctrl-C`);
    },
    () => undefined, // told as the client's error too
  );
  client.on('gap', (gap) => note(gapText(gap)));
  client.on('disconnected', (error) => {
    if (!comesBack || !hasBegun) return fail(error);
    if (!isLost) note(`${error.message}; trying to come back`);
    isLost = true;
  });
  client.on('connected', () => {
    if (isLost) note('connected again');
    isLost = false;
  });
}

function gapText({ missed }: Gap): string {
  if (missed === undefined) return 'events may have been missed: the server can’t tell which';
  return `${missed} ${missed === 1 ? 'event was' : 'events were'} missed`;
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
