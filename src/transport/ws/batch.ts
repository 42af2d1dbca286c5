import { type ErrorBody, invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { frameId, isObject } from './frames.js';

interface Sent {
  readonly messageId: string;
}

/** What sending a batch needs of its connection. */
export interface BatchPort<Item> {
  /** How many of so many messages the client's rate allows. */
  admit(count: number): number;
  /** Why the rest is refused. */
  refusal(): unknown;
  /** @throws CaxtonError */
  send(item: Item): Sent | Promise<Sent>;
  describe(error: unknown): ErrorBody['error'];
  /** Called once, with the fields of the acknowledgement. */
  answer(fields: BatchAnswer): void;
  /** Called instead when a late answer can't be given. */
  fail(error: unknown): void;
}

export interface BatchAnswer {
  /** How many messages were accepted. */
  readonly count: number;
  /** By place in the batch; null where the message was refused. */
  readonly message_ids: Array<string | null>;
  /** The ids that the frames gave, by place; only there when any did. */
  readonly ids?: Array<string | number | null>;
  readonly errors: BatchError[];
}

interface BatchError {
  readonly index: number;
  readonly id: string | number | undefined;
  readonly error: ErrorBody['error'];
}

/** @throws CaxtonError INVALID_REQUEST when a batch of so many messages is too long */
export function checkBatchLength(count: number): void {
  if (count <= LIMITS.batch_messages) return;
  throw invalidRequest(
    `A batch holds at most ${LIMITS.batch_messages} messages; this one has ${count}.`,
    'frame',
    { limit: LIMITS.batch_messages },
  );
}

/**
 * Sends the messages of a batch in their order. A refused one does not hold up the others; those
 * past the client's rate are its end, so that none overtakes one that was refused for it.
 */
export function sendBatch<Item>(items: readonly Item[], port: BatchPort<Item>): void {
  const messageIds: Array<string | null> = new Array(items.length).fill(null);
  const errors: BatchError[] = [];
  const pending: Array<Promise<void>> = [];
  const refuse = (index: number, error: unknown): void => {
    errors.push({ index, id: frameId(items[index]), error: port.describe(error) });
  };
  const admitted = port.admit(items.length);
  for (let index = 0; index < admitted; index++) {
    try {
      const item = items[index] as Item;
      if (isObject(item) && item.wait !== undefined) throw waitsInBatch();
      const sent = port.send(item);
      if (sent instanceof Promise) {
        pending.push(
          sent.then(
            ({ messageId }) => {
              messageIds[index] = messageId;
            },
            (error: unknown) => refuse(index, error),
          ),
        );
      } else messageIds[index] = sent.messageId;
    } catch (error) {
      refuse(index, error);
    }
  }
  if (admitted < items.length) {
    const error = port.describe(port.refusal());
    for (let index = admitted; index < items.length; index++) {
      errors.push({ index, id: frameId(items[index]), error });
    }
  }
  const finish = (): void => port.answer(batchAnswer(items, messageIds, errors));
  if (pending.length === 0) finish();
  else Promise.all(pending).then(finish).catch(port.fail);
}

function batchAnswer(
  items: readonly unknown[],
  messageIds: Array<string | null>,
  errors: BatchError[],
): BatchAnswer {
  const ids = items.map((item) => frameId(item) ?? null);
  return {
    count: items.length - errors.length,
    message_ids: messageIds,
    ...(ids.some((id) => id !== null) && { ids }),
    errors: errors.sort((a, b) => a.index - b.index),
  };
}

function waitsInBatch(): Error {
  return invalidRequest(
    'wait is not possible in a batch, which one frame answers; send the message by itself.',
    'wait',
  );
}
