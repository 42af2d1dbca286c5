import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import type { FlagSettings } from '../../src/config/load-config.js';
import { contentValue, type Message } from '../../src/fipa/message.js';
import { eventually } from '../support/eventually.js';
import { ANY_TIMER } from '../support/fault-board.js';
import { FaultyThreads } from '../support/faulty-threads.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { refusal, type TestRuntime, withRuntime } from '../support/runtime.js';
import { beginDeployment, ended, versioned } from '../support/versioned.js';

const POISON = 'this one kills';
const MANY_TRIES: FlagSettings = { workers: 2, supervision: { delivery_tries: 5 } };
const TWO_TRIES: FlagSettings = { workers: 2, supervision: { delivery_tries: 2 } };

/** Keeps an agent busy with one request after the other until it is told to stop. */
class Customer {
  readonly #test: TestRuntime;
  readonly #agent: string;
  readonly #counts: unknown[] = [];
  #goesOn = true;
  #refused: unknown;
  readonly #end: Promise<void>;

  constructor(test: TestRuntime, agent: string) {
    this.#test = test;
    this.#agent = agent;
    this.#end = this.#run().catch((error: unknown) => {
      this.#refused = error;
    });
  }

  async #run(): Promise<void> {
    const add = { action: 'add', amount: 1 };
    while (this.#goesOn) this.#counts.push(await this.#test.askContent(this.#agent, add));
  }

  /** Each of its requests was answered, once and in order. */
  async satisfied(): Promise<void> {
    const before = this.#counts.length;
    await eventually('it is served on', () => this.#counts.length > before);
    this.#goesOn = false;
    await this.#end;
    assert.equal(this.#refused, undefined);
    const counts = this.#counts.map((_, index) => ({ count: index + 1 }));
    assert.deepEqual(this.#counts, counts);
    assert.equal(this.#test.runtime.agents.get(this.#agent).state, 'running');
    assert.deepEqual(await this.#test.deadLetters(this.#agent), []);
  }
}

interface Told {
  readonly code: string;
  readonly tries?: number;
  readonly worker?: number;
}

/** What its sender was told for each message that failed. */
async function failuresTo(test: TestRuntime, sender: string): Promise<Told[]> {
  const failures = await test.history({ receiver: sender, performative: 'failure' });
  return failures.map((failure) => (contentValue(failure) as { error: Told }).error);
}

async function answersOf(test: TestRuntime, agent: string): Promise<unknown[]> {
  const informs = await test.history({ sender: agent, performative: 'inform' });
  return informs.map((message: Message) => contentValue(message));
}

const counted = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ count: index + 1 }));

describe('a message over which workers die', () => {
  let threads: FaultyThreads;
  before(() => {
    threads = new FaultyThreads();
  });
  after(() => threads.close());

  async function deployed(test: TestRuntime) {
    const names = ['victim', 'second', 'third'];
    for (const name of names) await test.deploy('counter', { name });
    test.runtime.clients.see('sender');
    const events = test.events('agent.failed', 'message.failed', 'system.alert');
    const customers = ['second', 'third'].map((name) => new Customer(test, name));
    const add = (note = '') =>
      test.send('victim', { action: 'add', amount: 1, note }, { sender: 'sender' });
    return { events, customers, add };
  }

  for (const death of ['exits', 'fills its heap'] as const) {
    it(`is given up at the third try, and its agent with it; neighbours stay: ${death}`, async () => {
      await withRuntime({ workers: 2 }, async (test) => {
        const { events, customers, add } = await deployed(test);
        threads.poison('called', death, POISON);
        for (let i = 0; i < 3; i++) await add();
        const { messageId } = await add(POISON);
        const behind = [await add(), await add()].map((result) => result.messageId);
        const failed = await test.until('victim', 'failed');
        assert.equal(failed.failure?.details.worker_deaths, LIMITS.worker_deaths_per_minute);
        assert.match(failed.failure?.message ?? '', /^3 workers died .*\/start\.$/);
        await test.until('victim', 'idle');

        assert.deepEqual(await answersOf(test, 'victim'), counted(3));
        const letters = await test.deadLetters('victim');
        const reasons = new Map(letters.map((letter) => [letter.message.messageId, letter.error]));
        assert.deepEqual([...reasons.keys()].sort(), [messageId, ...behind].sort());
        const { code, details } = reasons.get(messageId)!;
        assert.deepEqual([code, details.tries], ['MESSAGE_DELIVERY_FAILED', 3]);
        for (const id of behind) assert.equal(reasons.get(id)?.code, 'UNAVAILABLE');
        const told = await failuresTo(test, 'sender');
        assert.deepEqual(
          told.map((error) => [error.code, error.tries]),
          [
            ['MESSAGE_DELIVERY_FAILED', 3],
            ['UNAVAILABLE', undefined],
            ['UNAVAILABLE', undefined],
          ],
        );
        assert.equal(typeof told[0]?.worker, 'number');
        const types = events.filter(({ agent_id: id }) => id === failed.agentId);
        assert.equal(types.filter(({ type }) => type === 'agent.failed').length, 1);
        assert.equal(types.filter(({ type }) => type === 'message.failed').length, 3);
        await eventually('the alert', () =>
          events.find(({ type, agent_id: id }) => type === 'system.alert' && id === failed.agentId),
        );
        await assert.rejects(add(), refusal('UNAVAILABLE', { status: 'failed' }));
        for (const customer of customers) await customer.satisfied();

        // Started again it has its data, and three workers anew.
        assert.equal((await test.runtime.agents.start('victim')).state, 'running');
        assert.deepEqual(await test.askContent('victim', { action: 'get' }), { count: 3 });
        await add(POISON);
        assert.equal((await test.until('victim', 'failed')).restarts, failed.restarts + 2);
      });
    });
  }

  it('costs the agent no other message when its tries are over before', async () => {
    await withRuntime(TWO_TRIES, async (test) => {
      const { customers, add } = await deployed(test);
      threads.poison('called', 'exits', POISON);
      for (let i = 0; i < 10; i++) await add(i === 4 ? POISON : '');
      await test.until('victim', 'idle');
      assert.deepEqual(await answersOf(test, 'victim'), counted(9));
      assert.deepEqual(
        (await failuresTo(test, 'sender')).map(({ tries }) => tries),
        [2],
      );
      assert.equal((await test.deadLetters('victim')).length, 1);
      assert.equal(test.runtime.agents.get('victim').state, 'running');
      for (const customer of customers) await customer.satisfied();
      const { messagesFailed, restarts } = test.runtime.agents.get('victim');
      assert.deepEqual([messagesFailed, restarts], [1, 2], 'a try is no failure yet');
      const lines = test.runtime.agents.logs('victim', 10).map(({ text }) => text);
      assert.equal(lines.filter((text) => text.includes('died while the agent')).length, 2);
    });
  });

  it('fails with its own error when its agent is given up before its tries are over', async () => {
    await withRuntime(MANY_TRIES, async (test) => {
      const { customers, add } = await deployed(test);
      threads.poison('called', 'exits', POISON);
      await add(POISON);
      await add();
      await test.until('victim', 'failed');
      await test.until('victim', 'idle');
      assert.deepEqual(
        (await failuresTo(test, 'sender')).map(({ code, tries }) => [code, tries]),
        [
          ['MESSAGE_DELIVERY_FAILED', 3],
          ['UNAVAILABLE', undefined],
        ],
      );
      for (const customer of customers) await customer.satisfied();
    });
  });

  it('is handled at its last try, and counted anew when it is sent again', async () => {
    await withRuntime(TWO_TRIES, async (test) => {
      const { customers, add } = await deployed(test);
      threads.poison('called', 'exits', POISON, 1);
      await add(POISON);
      await test.until('victim', 'idle');
      assert.deepEqual(await answersOf(test, 'victim'), counted(1));
      assert.deepEqual(await test.deadLetters('victim'), []);
      threads.poison('called', 'exits', POISON, 1);
      await add(POISON);
      await test.until('victim', 'idle');
      assert.deepEqual(await answersOf(test, 'victim'), counted(2));
      assert.deepEqual(await test.deadLetters('victim'), []);
      for (const customer of customers) await customer.satisfied();
    });
  });

  /** A deployment of "two", which gets all new conversations, beside "one". */
  async function deploying(test: TestRuntime) {
    await test.deploy(await versioned('one'), { name: 'victim' });
    const strategy = { type: 'canary', stages: [{ percentage: 100, duration: '1h' }] } as const;
    const begun = await beginDeployment(test, 'victim', await versioned('two'), strategy);
    // Conversations that begin in the millisecond of the change belong to the version before.
    await eventually('it serves', async () => (await test.askContent('victim', 'x')) === 'two');
    return begun;
  }

  it('rolls a deployment back, and the version before goes on', async () => {
    await withRuntime({ workers: 2 }, async (test) => {
      const begun = await deploying(test);
      threads.poison('called', 'exits', POISON);
      assert.equal((await test.askFailure('victim', POISON)).code, 'MESSAGE_DELIVERY_FAILED');
      const { status, reason } = await ended(test, begun);
      assert.equal(status, 'rolled_back');
      assert.match(reason ?? '', /3 workers died within a minute/);
      assert.equal(await test.askContent('victim', 'x'), 'one');
      assert.equal(test.runtime.agents.get('victim').state, 'running');
    });
  });

  it('is given to the version before in a rollback, if it has tries left', async () => {
    await withRuntime(MANY_TRIES, async (test) => {
      const begun = await deploying(test);
      threads.poison('called', 'exits', POISON, LIMITS.worker_deaths_per_minute);
      assert.equal(await test.askContent('victim', POISON), 'one');
      assert.equal((await ended(test, begun)).status, 'rolled_back');
      assert.deepEqual(await test.deadLetters(), []);
    });
  });
});

describe('a timer over which workers die', () => {
  let threads: FaultyThreads;
  before(() => {
    threads = new FaultyThreads();
  });
  after(() => threads.close());

  /** A message sets a timer, which says "rang" to "sender". */
  async function deployClock(test: TestRuntime): Promise<void> {
    const guest = new GuestBuilder();
    const send = guest.use('send_message');
    const set = guest.use('set_timer');
    const rang = guest.json({ performative: 'inform', receiver: 'sender', content: 'rang' });
    guest.export('handle_timer', `(call ${send} ${rang})`, '(param i32) (result i32)');
    const source = guest.build(`(drop (call ${set} (i64.const 1000))) (i32.const 0)`);
    await test.deploy(await compileWat('clock', source), { name: 'clock' });
    test.runtime.clients.see('sender');
  }

  it('rings once when a try succeeds, and is logged when none does', async () => {
    await withRuntime(TWO_TRIES, async (test) => {
      await deployClock(test);
      threads.poison('called', 'exits', ANY_TIMER, 1);
      await test.send('clock', 1);
      await eventually('it rang', async () => (await answersOf(test, 'clock')).length === 1);
      threads.poison('called', 'exits', ANY_TIMER, 1);
      // Two deaths are behind it at its second try: one more would be too many for its agent.
      await test.send('clock', 2);
      await eventually('it rang', async () => (await answersOf(test, 'clock')).length === 2);
      await test.until('clock', 'idle');
      assert.deepEqual(await test.deadLetters(), []);
    });
    await withRuntime(TWO_TRIES, async (test) => {
      await deployClock(test);
      threads.poison('called', 'exits', ANY_TIMER);
      await test.send('clock', 1);
      await eventually('the log tells', () =>
        test.runtime.agents.logs('clock', 10).find(({ text }) => text.startsWith('a timer failed')),
      );
      assert.deepEqual(await test.deadLetters(), []);
      assert.deepEqual(await answersOf(test, 'clock'), []);
      assert.equal(test.runtime.agents.get('clock').state, 'running');
      assert.equal(test.runtime.agents.get('clock').messagesFailed, 1);
    });
  });

  it('costs its agent as much as a message does', async () => {
    await withRuntime({ workers: 2 }, async (test) => {
      await deployClock(test);
      threads.poison('called', 'exits', ANY_TIMER);
      await test.send('clock', 1);
      const failed = await test.until('clock', 'failed');
      assert.equal(failed.failure?.details.worker_deaths, LIMITS.worker_deaths_per_minute);
      assert.deepEqual(await test.deadLetters(), []);
    });
  });
});

describe('an agent over whose start workers die', () => {
  let threads: FaultyThreads;
  before(() => {
    threads = new FaultyThreads();
  });
  after(() => threads.close());

  it('is not deployed, and costs five workers at most', async () => {
    await withRuntime({ workers: 2 }, async (test) => {
      for (const name of ['second', 'third']) await test.deploy('counter', { name });
      const customers = ['second', 'third'].map((name) => new Customer(test, name));
      threads.poison('starting', 'exits', 'bad-start');
      await assert.rejects(
        test.deploy('counter', { name: 'bad-start' }),
        refusal('DEPLOYMENT_FAILED', { worker_deaths: LIMITS.worker_deaths_per_start }),
      );
      assert.equal(test.runtime.agents.find('bad-start'), undefined);
      for (const customer of customers) await customer.satisfied();
    });
  });

  it('fails when that happens on its return, and can be started again', async () => {
    await withRuntime({ workers: 2 }, async (test) => {
      for (const name of ['second', 'bad-return']) await test.deploy('counter', { name });
      const customer = new Customer(test, 'second');
      threads.poison('starting', 'exits', 'bad-return');
      const worker = test.runtime.agents.get('bad-return').worker;
      assert.ok(worker !== undefined);
      await threads.all[worker]?.terminate();
      const failed = await test.until('bad-return', 'failed');
      assert.equal(failed.failure?.details.worker_deaths, LIMITS.worker_deaths_per_start);
      await customer.satisfied();
      threads.poison('starting', 'goes on', 'bad-return');
      assert.equal((await test.runtime.agents.start('bad-return')).state, 'running');
    });
  });
});
