import { CaxtonError } from '../base/errors.js';
import { decodeMessage } from '../fipa/binary.js';
import { messageStarts } from './block.js';
import { jsonRecord } from './damage.js';
import { decodeDeadLetter } from './dead-letter.js';
import { decodePending } from './pending-record.js';

const TASK_STATE = 's'.charCodeAt(0);
const TASK_RECORD = 'r'.charCodeAt(0);

/** What is wrong with the value of a record; undefined when it can be read. */
export function recordDamage(table: string, key: Buffer, value: Buffer): string | undefined {
  try {
    read(table, key, value);
    return undefined;
  } catch (error) {
    if (error instanceof CaxtonError && typeof error.details.damaged === 'string') {
      return error.details.damaged;
    }
    return `the record with the key ${key.toString('hex')} can’t be read`;
  }
}

function read(table: string, key: Buffer, value: Buffer): void {
  if (table === 'agents' || table === 'deployments') jsonRecord(table, key, value);
  else if (table === 'tasks') {
    if (key[0] === TASK_STATE || key[0] === TASK_RECORD) jsonRecord(table, key, value);
  } else if (table === 'meta') jsonRecord(table, key, value);
  else if (table === 'dead_letters') decodeDeadLetter(value);
  else if (table === 'pending') decodeMessage(decodePending(key, value).bytes);
  else if (table === 'messages') {
    for (const start of messageStarts(value)) decodeMessage(value, start);
  }
}
