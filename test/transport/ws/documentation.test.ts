import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../scripts/package-root.js';
import { LIMITS } from '../../../src/base/limits.js';
import { EVENT_FAMILIES, EVENT_TYPES } from '../../../src/runtime/event-types.js';
import { checkFrame } from '../../../src/transport/ws/frames.js';

const page = readFileSync(join(packageRoot(import.meta.url), 'docs/websocket.md'), 'utf8');
const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(
  (match) => JSON.parse(match[1]!) as { type?: string },
);

test('each frame that docs/websocket.md has a client send is accepted', () => {
  const sent = new Set<string>();
  for (const example of examples) {
    const { type } = example;
    if (type === undefined || !['send', 'subscribe', 'unsubscribe', 'ping'].includes(type))
      continue;
    assert.doesNotThrow(() => checkFrame(example), JSON.stringify(example));
    sent.add(type);
  }
  assert.deepEqual([...sent].sort(), ['ping', 'send', 'subscribe', 'unsubscribe']);
});

test('docs/websocket.md shows each kind of answer', () => {
  const types = new Set(examples.map((example) => example.type));
  for (const type of ['error', 'ack', 'reply', 'subscribed', 'unsubscribed', 'message']) {
    assert.ok(types.has(type), type);
  }
});

test('docs/websocket.md lists the table of event types, all of it and nothing else', () => {
  const rows = page
    .split('\n')
    .map((line) => /^\| `([a-z]+\.[a-z_]+)` \| (.*) \| (.*) \|$/.exec(line))
    .filter((row) => row !== null)
    .map(([, type, fields, when]) => ({ type, fields, when }));
  const table = Object.entries(EVENT_TYPES).map(([type, { fields, when }]) => ({
    type,
    fields: fields.map((field) => `\`${field}\``).join(', '),
    when,
  }));
  assert.deepEqual(rows, table);
  const kinds = EVENT_FAMILIES.map((name) => `\`${name}\``);
  assert.ok(page.includes(`The kinds are ${kinds.slice(0, -1).join(', ')} and ${kinds.at(-1)}.`));
});

test('bounds in docs/websocket.md are those in force', () => {
  for (const bound of [
    `the last ${LIMITS.event_log_events.toLocaleString('en')}, at most ${LIMITS.event_log_bytes / 2 ** 20} MiB`,
    `the last ${LIMITS.message_log_messages.toLocaleString('en')} messages, at most ${LIMITS.message_log_bytes / 2 ** 20} MiB`,
    `no more than ${LIMITS.resume_messages.toLocaleString('en')} have to be looked through`,
    `${LIMITS.subscriptions_per_connection.toLocaleString('en')} subscriptions`,
  ]) {
    assert.ok(page.includes(bound), bound);
  }
});
