import { setImmediate as nextTurn } from 'node:timers/promises';
import { LIMITS } from '../base/limits.js';
import { CURSOR_DEAD_LETTERS, decodeCursor, encodeCursor } from './cursor.js';
import { decodeDeadLetter } from './dead-letter.js';
import { numberKey, numberOfKey, prefixEnd, textNumberKey, textPrefix } from './keys.js';
import type { DeadLetter, DeadLetterPage, Store } from './store.js';
import { readState, type Snapshot, type Tables } from './tables.js';

const LETTERS_PER_TURN = 2_000;

/** A page of dead letters, newest first, from one snapshot. */
export async function deadLetterPage(
  tables: Tables,
  snapshot: Snapshot,
  query: Parameters<Store['deadLetters']>[0],
): Promise<DeadLetterPage> {
  const { agent, limit, cursor } = query;
  const before = cursor === undefined ? undefined : decodeCursor(CURSOR_DEAD_LETTERS, cursor);
  if (agent !== undefined && agent.length > LIMITS.field_bytes) {
    return { deadLetters: [], total: 0, nextCursor: undefined };
  }
  const numbers = pageOfNumbers(tables, snapshot, agent, before, limit + 1);
  const deadLetters = lettersAt(tables, snapshot, numbers.slice(0, limit));
  const shown = deadLetters.length;
  const total =
    agent === undefined
      ? readState(tables, snapshot).deadLetters
      : await countOfAgent(tables, snapshot, agent);
  return {
    deadLetters,
    total,
    nextCursor:
      numbers.length > shown ? encodeCursor(CURSOR_DEAD_LETTERS, numbers[shown - 1]!) : undefined,
  };
}

export function deadLetterOf(
  tables: Tables,
  snapshot: Snapshot,
  messageId: string,
): DeadLetter | undefined {
  if (messageId === '' || Buffer.byteLength(messageId) > LIMITS.field_bytes) return undefined;
  const key = tables.deadLetterIds.get(Buffer.from(messageId, 'utf8'), { transaction: snapshot });
  return key && letterAt(tables, snapshot, numberOfKey(key));
}

function letterAt(tables: Tables, snapshot: Snapshot, number: number): DeadLetter {
  return decodeDeadLetter(valueAt(tables, snapshot, number));
}

function valueAt(tables: Tables, snapshot: Snapshot, number: number): Buffer {
  return tables.deadLetters.get(numberKey(number), { transaction: snapshot })!;
}

/** The first of these letters: large ones make a short page. */
function lettersAt(tables: Tables, snapshot: Snapshot, numbers: readonly number[]): DeadLetter[] {
  const letters: DeadLetter[] = [];
  let bytes = 0;
  for (const number of numbers) {
    if (bytes > LIMITS.page_bytes) break;
    const value = valueAt(tables, snapshot, number);
    letters.push(decodeDeadLetter(value));
    bytes += value.length;
  }
  return letters;
}

function pageOfNumbers(
  tables: Tables,
  snapshot: Snapshot,
  agent: string | undefined,
  before: number | undefined,
  limit: number,
): number[] {
  const last = before === undefined ? 2 ** 48 - 1 : Math.max(0, before - 1);
  const key = (number: number): Buffer =>
    agent === undefined ? numberKey(number) : textNumberKey(agent, number);
  const table = agent === undefined ? tables.deadLetters : tables.deadLetterAgents;
  const keys = table.getKeys({
    start: key(last),
    end: key(0),
    reverse: true,
    limit,
    transaction: snapshot,
  });
  return [...keys].map(numberOfKey);
}

async function countOfAgent(tables: Tables, snapshot: Snapshot, agent: string): Promise<number> {
  const prefix = textPrefix(agent);
  const range = { start: prefix, end: prefixEnd(prefix), transaction: snapshot };
  let count = 0;
  for (const _ of tables.deadLetterAgents.getKeys(range)) {
    count++;
    if (count % LETTERS_PER_TURN === 0) await nextTurn();
  }
  return count;
}
