import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../src/base/limits.js';
import type { StrategyInput } from '../../src/runtime/deploy/strategy-plan.js';
import { eventually } from '../support/eventually.js';
import { sampleAgent } from '../support/guests.js';
import { startTestRuntime, type TestRuntime } from '../support/runtime.js';
import { beginDeployment, ended } from '../support/versioned.js';

const CONVERSATIONS = 200;
const BURST = 25;
const PAUSE_MS = 2;

/**
 * Sends numbered messages in many conversations, some of which end and begin anew all the time,
 * and writes down the answers in the order in which they come.
 */
class Load {
  readonly #test: TestRuntime;
  readonly #agent: string;
  readonly #subscription: { cancel(): void };
  readonly #sender: string;
  /** Conversation → numbers sent, and numbers answered. */
  readonly sent = new Map<string, number[]>();
  readonly answered = new Map<string, number[]>();
  failures = 0;
  count = 0;
  answers = 0;
  #running = true;
  readonly #done: Promise<void>;

  constructor(test: TestRuntime, agent: string) {
    this.#test = test;
    this.#agent = agent;
    this.#sender = `load-${agent}`;
    this.#subscription = test.runtime.events.subscribe(
      { filter: { receivers: [this.#sender] } },
      (json) => this.#answer(JSON.parse(json)),
    );
    this.#done = this.#run();
  }

  #answer(event: { message: Record<string, string> }): void {
    const { message } = event;
    this.answers += 1;
    if (message.performative === 'failure') this.failures += 1;
    const conversation = message.conversation_id as string;
    const numbers = this.answered.get(conversation) ?? [];
    numbers.push(Number(message.in_reply_to));
    this.answered.set(conversation, numbers);
  }

  async #run(): Promise<void> {
    while (this.#running) {
      for (let i = 0; i < BURST; i++) this.#send();
      await sleep(PAUSE_MS);
    }
  }

  #send(): void {
    const number = this.count++;
    // Each goes on for a while, and then another takes its place.
    const place = number % CONVERSATIONS;
    const conversation = `${this.#sender}-${place}-${Math.floor(number / (CONVERSATIONS * 10))}`;
    const message = this.#test.message(this.#agent, number, {
      sender: this.#sender,
      conversation_id: conversation,
      reply_with: String(number),
    });
    this.#test.runtime.messages.send(message, {});
    const numbers = this.sent.get(conversation) ?? [];
    numbers.push(number);
    this.sent.set(conversation, numbers);
  }

  /** Stops, waits for the last answers, and checks that each came once and in order. */
  async check(): Promise<void> {
    this.#running = false;
    await this.#done;
    await eventually('all are answered', () => this.answers >= this.count);
    this.#subscription.cancel();
    assert.equal(this.failures, 0);
    assert.equal(this.answers, this.count);
    for (const [conversation, numbers] of this.sent) {
      assert.deepEqual(this.answered.get(conversation), numbers, conversation);
    }
  }
}

describe('under load', () => {
  let test: TestRuntime;
  const echo = sampleAgent('echo');
  before(async () => {
    test = await startTestRuntime({ workers: 2, deployments: { linger: 300 } });
  });
  after(() => test.close());

  const resources = { instances: 2, mailbox: LIMITS.mailbox_messages_max };
  const canary: StrategyInput = {
    type: 'canary',
    stages: [
      { percentage: 20, duration: '200ms' },
      { percentage: 60, duration: '200ms' },
      { percentage: 100, duration: '0' },
    ],
  };
  const strategies: StrategyInput[] = [
    { type: 'immediate' },
    { type: 'rolling' },
    { type: 'blue_green', cleanup_delay: '200ms' },
    canary,
  ];
  for (const strategy of strategies) {
    it(`a switch by ${strategy.type} loses, doubles and reorders nothing`, async (t) => {
      const name = `switch-${strategy.type}`;
      await test.deploy(echo, { name, resources });
      const load = new Load(test, name);
      await eventually('answers', () => load.answers > 0);
      const begun = await beginDeployment(test, name, echo, strategy);
      assert.equal((await ended(test, begun)).status, 'completed');
      // Until the former version is gone, while the load goes on.
      await eventually('the old version is gone', () =>
        test.runtime.agents.get(name).instances.every(({ version }) => version === '1.1.0'),
      );
      await load.check();
      t.diagnostic(`${load.count} messages`);
    });
  }

  it('a rollback loses, doubles and reorders nothing', async (t) => {
    await test.deploy(echo, { name: 'rollback', resources });
    const load = new Load(test, 'rollback');
    await eventually('answers', () => load.answers > 0);
    const begun = await beginDeployment(test, 'rollback', echo, {
      type: 'blue_green',
      cleanup_delay: '1h',
    });
    await eventually('the new version has new conversations', async () => {
      const { figures } = await test.runtime.deployments.get(begun.plan.deploymentId);
      return figures.messages > 200;
    });
    await test.runtime.deployments.rollBack(begun.plan.deploymentId, 'a test');
    assert.equal((await ended(test, begun)).status, 'rolled_back');
    const { count } = load;
    await eventually('the old version goes on', () => load.answers > count + 200);
    assert.ok(
      test.runtime.agents.get('rollback').instances.every(({ version }) => version === '1.0.0'),
    );
    await load.check();
    t.diagnostic(`${load.count} messages`);
  });
});
