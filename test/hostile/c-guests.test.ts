import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cGuest, cGuestNames } from '../support/guests.js';
import { hasToolchain } from '../support/toolchains.js';
import { badPointer, type Fails, returns, runsOutOfFuel, traps } from './expectations.js';
import { assertFailure, Neighbourhood } from './neighbourhood.js';

/** What a compiler makes of code that goes wrong, or means to. */

const MESSAGES = 3;
/** What an agent may have by default, in pages. */
const PAGES = 1_024;

/** The trap depends on where the compiler puts things; that it is one doesn't. */
const EXPECTED: Readonly<Record<string, Fails>> = {
  'allocation-bomb': returns(PAGES),
  overrun: traps(/out of bounds/),
  'pointer-abuse': badPointer,
  recursion: traps(/stack overflow|out of bounds/),
  'smashed-stack': traps(/out of bounds|signature mismatch/),
  spin: runsOutOfFuel(),
};

let place: Neighbourhood;
before(async () => {
  place = await Neighbourhood.start();
});
after(() => place?.close());

test('every guest in C is in the table, and nothing else', () => {
  assert.deepEqual(Object.keys(EXPECTED).sort(), cGuestNames());
});

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`${name}, compiled from C, fails each of its messages`, async (context) => {
    if (!hasToolchain(context, 'wasm-clang')) return;
    const agentId = await place.settle(cGuest(name), { name });
    const ids: string[] = [];
    for (let i = 0; i < MESSAGES; i++) {
      const answered = await place.ask(name, { attempt: i });
      assertFailure(answered, agentId, expected);
      ids.push(answered.message_id);
    }
    await place.expectDeadLetters(name, ids, expected.code);
    await place.echoAnswers(2);
  });
}
