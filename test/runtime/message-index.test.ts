import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyMessage } from '../../src/fipa/message.js';
import { type MessageCriteria, matchesMessage } from '../../src/runtime/message-criteria.js';
import { MessageIndex } from '../../src/runtime/message-index.js';

const ENDS = ['agent_1', 'agent_2', 'one', 'two', 'client'] as const;
const ACTS = ['inform', 'request', 'failure'] as const;
const CONVERSATIONS = ['c1', 'c2'] as const;
const nameOf = (id: string) => ({ agent_1: 'one', agent_2: 'two' })[id];

const setOf = <T>(values: readonly T[]) =>
  fc.option(
    fc.subarray([...values]).map((chosen) => new Set(chosen)),
    { nil: undefined },
  );

const criteria: fc.Arbitrary<MessageCriteria> = fc.record({
  agents: setOf(ENDS),
  receivers: setOf(ENDS),
  performatives: setOf(ACTS),
  conversationId: fc.option(fc.constantFrom(...CONVERSATIONS), { nil: undefined }),
});

const message = fc
  .record({
    sender: fc.constantFrom(...ENDS),
    receiver: fc.constantFrom(...ENDS),
    performative: fc.constantFrom(...ACTS),
    conversationId: fc.constantFrom(...CONVERSATIONS),
  })
  .map((fields) => ({ ...emptyMessage('inform'), ...fields }));

test('a message finds those entries whose criteria it meets, each once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ criteria, removed: fc.boolean() }), { maxLength: 20 }),
      fc.array(message, { maxLength: 10 }),
      (entries, messages) => {
        const index = new MessageIndex<number>(nameOf);
        const removals = entries.map((entry, i) => index.add(entry.criteria, i));
        entries.forEach(({ removed }, i) => {
          if (!removed) return;
          removals[i]!();
          removals[i]!();
        });
        assert.equal(index.size, entries.filter(({ removed }) => !removed).length);
        for (const each of messages) {
          const found: number[] = [];
          index.match(each, (i) => found.push(i));
          const wanted = entries.flatMap((entry, i) =>
            !entry.removed && matchesMessage(entry.criteria, each, nameOf) ? [i] : [],
          );
          assert.deepEqual(found.sort(), wanted.sort());
        }
      },
    ),
  );
});
