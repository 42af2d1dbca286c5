import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../scripts/package-root.js';
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

test('docs/websocket.md lists every type of event', () => {
  const folder = join(packageRoot(import.meta.url), 'src/runtime');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const published = sources.flatMap((source) =>
    [...source.matchAll(/publish\(\s*'([a-z_]+\.[a-z_]+)'/g)].map((match) => match[1]!),
  );
  const listed = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \|/gm)].map((match) => match[1]!);
  assert.ok(published.includes('message.failed'));
  for (const type of published) assert.ok(listed.includes(type), type);
});
