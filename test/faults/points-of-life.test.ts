import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { contentValue } from '../../src/fipa/message.js';
import { eventually } from '../support/eventually.js';
import { FAULT_POINTS, type Fault, type PointOfLife } from '../support/fault-board.js';
import { FaultyThreads } from '../support/faulty-threads.js';
import { startTestRuntime, type TestRuntime } from '../support/runtime.js';

const MARK = 'the marked one';
const SENDERS = ['first-sender', 'second-sender'];

type Death = Exclude<Fault, 'goes on'>;

/** How the thread ends then. */
const DEATHS: Readonly<Record<Death, { code: number; error: string | undefined }>> = {
  exits: { code: 9, error: undefined },
  // Its loop broke off; the pool ends the thread.
  throws: { code: 1, error: undefined },
  'is terminated': { code: 1, error: undefined },
  'fills its heap': { code: 1, error: 'ERR_WORKER_OUT_OF_MEMORY' },
};

const WORDS: Readonly<Record<PointOfLife, string>> = {
  waiting: 'before it takes a message',
  taken: 'before it calls the agent',
  called: "in the midst of the agent's call",
  written: 'with the reply written and not published',
  published: 'with the reply published and the message in hand',
  finished: 'with the message done and its frame not given back',
  released: 'after it gave the frame back',
};

describe('a worker', () => {
  let threads: FaultyThreads;
  let test: TestRuntime;
  before(async () => {
    threads = new FaultyThreads();
    test = await startTestRuntime({ workers: 2 });
    for (const sender of SENDERS) test.runtime.clients.see(sender);
  });
  after(async () => {
    threads.close();
    await test?.close();
  });

  let cases = 0;
  /** A counter to die over, one on the same worker, and one on the other. */
  async function deployCase(config: object = {}) {
    await eventually('both workers are there', () => threads.all.length === 2);
    cases += 1;
    const names = [0, 1, 2].map((place) => `counter-${cases}-${place}`);
    for (const name of names) await test.deploy('counter', { name, ...config });
    const placeOf = (name: string) => test.runtime.agents.get(name).worker;
    const [victim, ...others] = names as [string, string, string];
    const beside = others.find((name) => placeOf(name) === placeOf(victim));
    const elsewhere = others.find((name) => placeOf(name) !== placeOf(victim));
    assert.ok(beside !== undefined && elsewhere !== undefined, 'one neighbour on each worker');
    return { names, victim, beside, elsewhere };
  }

  async function removeCase(names: readonly string[]): Promise<void> {
    for (const name of names) {
      assert.equal(test.runtime.agents.get(name).state, 'running');
      await test.runtime.agents.remove(name);
    }
  }

  let sent = 0;
  async function add(receiver: string, count: number, note = ''): Promise<void> {
    for (let i = 0; i < count; i++) {
      sent += 1;
      const sender = SENDERS[sent % SENDERS.length];
      const fields = { sender, reply_with: String(sent) };
      await test.send(receiver, { action: 'add', amount: 1, note }, fields);
    }
  }

  /** It counted so many, each once, and answered each sender's in the order in which they came. */
  async function checkAnswers(counter: string, count: number): Promise<void> {
    await test.until(counter, 'idle');
    const answers = await test.history({ sender: counter, performative: 'inform' });
    assert.deepEqual(
      answers.map((answer) => contentValue(answer)),
      Array.from({ length: count }, (_, index) => ({ count: index + 1 })),
    );
    for (const sender of SENDERS) {
      const own = answers.filter(({ receiver }) => receiver === sender);
      const places = own.map(({ inReplyTo }) => Number(inReplyTo));
      const sorted = [...places].sort((a, b) => a - b);
      assert.deepEqual(places, sorted, `the order from ${sender}`);
    }
  }

  /** Answers of the other worker come one after the other, whatever this one does. */
  async function goesOn(elsewhere: string, from: number): Promise<void> {
    for (let count = from + 1; count <= from + 5; count++) {
      assert.deepEqual(await test.askContent(elsewhere, { action: 'add', amount: 1 }), { count });
    }
  }

  async function dieAt(point: PointOfLife, death: Death): Promise<void> {
    const { names, victim, beside, elsewhere } = await deployCase();
    await add(victim, 5);
    await test.until(victim, 'idle');
    threads.arm(point, death, MARK);
    await add(victim, 1, MARK);
    await threads.standing();
    await add(victim, 10);
    await add(beside, 10);
    await goesOn(elsewhere, 0);
    threads.board.holdBirths(true);
    assert.deepEqual(await threads.strike(death), DEATHS[death]);
    // The successor can't be there yet.
    await goesOn(elsewhere, 5);
    await add(victim, 2);
    threads.board.holdBirths(false);
    await checkAnswers(victim, 18);
    await checkAnswers(beside, 10);
    for (const name of names) assert.deepEqual(await test.deadLetters(name), []);
    await removeCase(names);
  }

  for (const death of Object.keys(DEATHS) as Death[]) {
    for (const point of FAULT_POINTS) {
      // What is thrown in a call is the call's: see below.
      if (death === 'throws' && point === 'called') continue;
      it(`that ${death} ${WORDS[point]} loses nothing and does nothing twice`, () =>
        dieAt(point, death));
    }
  }

  for (const point of ['published', 'finished', 'released'] as const) {
    it(`whose last words nobody has read when it dies is heard all the same: ${WORDS[point]}`, async () => {
      const { names, victim } = await deployCase();
      const keepsUp = test.store.keepsUp.bind(test.store);
      let behind = false;
      // While the history is behind, what workers publish is not read.
      test.store.keepsUp = (bytes) => !behind && keepsUp(bytes);
      threads.arm(point, 'exits', MARK);
      behind = true;
      await add(victim, 1, MARK);
      await add(victim, 3);
      assert.deepEqual(await threads.strike('exits'), DEATHS.exits);
      behind = false;
      await checkAnswers(victim, 4);
      assert.deepEqual(await test.deadLetters(victim), []);
      await removeCase(names);
    });
  }

  for (const point of ['waiting', 'taken', 'written', 'published', 'finished'] as const) {
    it(`that dies over a message that its agent cannot take just now loses it not: ${WORDS[point]}`, async () => {
      await eventually('both workers are there', () => threads.all.length === 2);
      const name = `trapping-${point}`;
      await test.deploy('failing-once', { name });
      threads.arm(point, 'exits', MARK);
      const contents = ['boom', MARK, 'then', 'last'];
      // In one turn: all but the first come back from the worker, as the instance is gone.
      await Promise.all(
        contents.map((content) => test.send(name, content, { sender: SENDERS[0] })),
      );
      assert.deepEqual(await threads.strike('exits'), DEATHS.exits);
      await test.until(name, 'idle');
      const answers = await test.history({ sender: name, performative: 'inform' });
      assert.deepEqual(answers.map(contentValue), contents.slice(1));
      const letters = await test.deadLetters(name);
      assert.deepEqual(
        letters.map(({ message }) => contentValue(message)),
        ['boom'],
      );
      await removeCase([name]);
    });
  }

  it('that exits while it waits for room for its reply loses nothing and does nothing twice', async () => {
    await eventually('both workers are there', () => threads.all.length === 2);
    const names = ['large-0', 'large-1', 'large-2'];
    for (const name of names) await test.deploy('echo', { name });
    const keepsUp = test.store.keepsUp.bind(test.store);
    let behind = true;
    // What workers publish is not read.
    test.store.keepsUp = (bytes) => !behind && keepsUp(bytes);
    threads.arm('full', 'exits', MARK);
    const filling = 'x'.repeat(900_000);
    // Two of the three are on one worker: what they echo is more than its ring of 8 MiB holds.
    for (let i = 0; i < 8; i++) {
      const content = `${i} ${MARK} ${filling}`;
      for (const name of names) await test.send(name, content, { sender: SENDERS[0] });
    }
    assert.deepEqual(await threads.strike('exits'), DEATHS.exits);
    behind = false;
    for (const name of names) {
      await test.until(name, 'idle');
      const answers = await test.history({ sender: name });
      const places = answers.map((answer) => Number.parseInt(String(contentValue(answer)), 10));
      assert.deepEqual(places, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
    for (const name of names) assert.deepEqual(await test.deadLetters(name), []);
    await removeCase(names);
  });

  it('lives on when the error is thrown in a call, which alone fails', async () => {
    const { names, victim, beside } = await deployCase();
    threads.arm('called', 'throws', MARK);
    await add(victim, 1, MARK);
    const thread = await threads.standing();
    await add(victim, 5);
    await add(beside, 5);
    threads.board.strike();
    await checkAnswers(victim, 5);
    await checkAnswers(beside, 5);
    assert.deepEqual(
      (await test.deadLetters(victim)).map(({ error }) => error.code),
      ['INTERNAL_ERROR'],
    );
    assert.ok(threads.all.includes(thread));
    await removeCase(names);
  });

  it('that was given up is not heard any more when it answers at last', async () => {
    const limited = { resources: { max_message_ms: 300 } };
    const { names, victim, beside } = await deployCase(limited);
    threads.arm('written', 'goes on', MARK);
    await add(victim, 1, MARK);
    const thread = await threads.standing();
    await add(victim, 5, MARK);
    await add(beside, 5);
    const end = thread.terminate.bind(thread);
    // The engine may be where it doesn't look whether it shall end.
    thread.terminate = () => new Promise(() => undefined);
    await checkAnswers(victim, 5);
    await checkAnswers(beside, 5);
    const heard = await test.history();
    const answered = threads.board.passed;
    threads.board.strike();
    // It publishes its reply and goes on with what it finds behind it, which others handled long ago.
    await eventually('the thread has answered twice', () => threads.board.passed >= answered + 2);
    await end();
    await checkAnswers(victim, 5);
    await checkAnswers(beside, 5);
    assert.equal((await test.history()).length, heard.length);
    const [letter, ...others] = await test.deadLetters(victim);
    assert.equal(letter?.error.details.resource, 'time');
    assert.deepEqual(others, []);
    await removeCase(names);
  });
});
