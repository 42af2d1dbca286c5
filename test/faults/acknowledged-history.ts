import assert from 'node:assert/strict';
import type { MessageAnswer } from '../api/driver.js';
import type { ServeProcess } from '../cli/cli-process.js';
import { eventually } from '../support/eventually.js';
import { call } from '../support/rest-client.js';
import type { AcknowledgedLoad } from './acknowledged-load.js';
import { historyOf } from './load.js';

const sequenceOf = ({ content }: MessageAnswer): number =>
  (content as { sequence: number }).sequence;

/** Every acknowledged message is in the history once, with its content, and nothing is there twice. */
export async function checkHistory(server: ServeProcess, load: AcknowledgedLoad): Promise<void> {
  for (const [sender, acknowledged] of load.acknowledged) {
    const history = await historyOf(server.url, sender);
    const found = new Map(history.map((message) => [message.message_id, sequenceOf(message)]));
    assert.equal(found.size, history.length, `${sender}: ids are there once`);
    const sequences = [...found.values()];
    const ordered = [...sequences].sort((a, b) => a - b);
    assert.deepEqual(sequences, ordered, `${sender}: in the order in which they were sent`);
    assert.equal(new Set(sequences).size, sequences.length, `${sender}: messages are there once`);
    for (const [messageId, sequence] of acknowledged) {
      assert.equal(found.get(messageId), sequence, `${sender}: message ${messageId}`);
    }
  }
}

interface Letter {
  readonly message: { readonly message_id: string };
  readonly error: { readonly code: string; readonly details: { readonly starts?: number } };
}

/** Of messages that the process was killed over, again and again, before they were handled. */
async function buried(server: ServeProcess): Promise<Set<string>> {
  const url = `${server.url}/api/v1/dead-letters?agent=echo&limit=500`;
  const { dead_letters: letters } = await call<{ dead_letters: Letter[] }>(url, 'GET');
  for (const { error } of letters) {
    assert.equal(error.code, 'MESSAGE_DELIVERY_FAILED');
    assert.notEqual(error.details.starts, undefined, 'its starts are used up');
  }
  return new Set(letters.map(({ message }) => message.message_id));
}

/**
 * Every acknowledged message has been answered by "echo", those of a sender in their order; or it
 * is a dead letter, since its starts were used up.
 * @returns how many of them are dead letters, and how many answers more than messages there are
 */
export async function checkHandled(
  server: ServeProcess,
  load: AcknowledgedLoad,
): Promise<{ letters: number; twice: number }> {
  let letters = 0;
  let twice = 0;
  for (const [sender, acknowledged] of load.acknowledged) {
    const answers = await eventually(`all of ${sender} is handled`, async () => {
      const replies = await historyOf(server.url, sender, 'receiver');
      const found = replies.filter(({ performative }) => performative === 'inform');
      const answered = new Set(found.map((answer) => answer.in_reply_to));
      const open = [...acknowledged.keys()].filter((id) => !answered.has(id));
      if (open.length === 0) return found;
      const dead = await buried(server);
      if (!open.every((id) => dead.has(id))) return false;
      letters += open.length;
      return found;
    });
    const firsts = [...new Set(answers.map(sequenceOf))];
    const ordered = [...firsts].sort((a, b) => a - b);
    assert.deepEqual(firsts, ordered, `${sender}: handled in the order in which they were sent`);
    twice += answers.length - firsts.length;
  }
  return { letters, twice };
}
