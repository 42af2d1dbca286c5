import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../scripts/package-root.js';
import { LIMITS } from '../../../src/base/limits.js';
import type { Protocol, Transition } from '../../../src/fipa/protocols/protocol.js';
import { PROTOCOLS } from '../../../src/fipa/protocols/registry.js';

const page = readFileSync(join(packageRoot(import.meta.url), 'docs/protocols.md'), 'utf8');

/** What all protocols have alike stands in the page once. */
function isException([from, , acts]: Transition): boolean {
  return from === 'cancelling' || acts.includes('cancel') || acts.includes('not-understood');
}

function rowOf(protocol: Protocol, [from, by, acts, to]: Transition): string {
  const said = acts.map((act) => `\`${act}\``).join(', ');
  const over = protocol.finals.includes(to) ? ' ●' : '';
  return `| \`${from}\` | ${by} | ${said} | \`${to}\`${over} |`;
}

for (const protocol of PROTOCOLS) {
  test(`docs/protocols.md has the table of ${protocol.name}, and its FIPA number`, () => {
    const section = page.split(`\n### ${protocol.name}\n`)[1]?.split('\n### ')[0] ?? '';
    assert.ok(section.trimStart().startsWith(`FIPA ${protocol.specification}.`));
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    const own = protocol.transitions.filter((transition) => !isException(transition));
    assert.deepEqual(
      rows,
      own.map((transition) => rowOf(protocol, transition)),
    );
    assert.ok(
      page.includes(`| [\`${protocol.name}\`](#${protocol.name}) | ${protocol.specification} `),
    );
  });
}

test('the bounds in docs/protocols.md are those in force', () => {
  const number = (value: number): string => value.toLocaleString('en-US');
  for (const bound of [
    `At most ${number(LIMITS.tracked_conversations)} conversations are tracked`,
    `with ${number(LIMITS.tracked_participants)} participants together`,
    `Of one conversation ${number(LIMITS.conversation_participants)} participants`,
    `At most ${number(LIMITS.awaited_replies)} messages may wait`,
    `(${LIMITS.conversation_idle_ms / 60_000} minutes)`,
    `its first ${LIMITS.page_max} messages`,
  ]) {
    assert.ok(page.includes(bound), bound);
  }
});
