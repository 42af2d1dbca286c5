import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Runner } from './runner.js';

// Behind the runner, which puts the substitutes in place.
const { Delivery } = await import('../../src/runtime/delivery.js');
const { Mailbox } = await import('../../src/runtime/mailbox.js');
const { Recovery } = await import('../../src/runtime/recovery.js');
const { Waiters } = await import('../../src/runtime/waiters.js');
const { RingConsumer } = await import('../../src/ring/consumer.js');
const { RingProducer } = await import('../../src/ring/producer.js');
const { WriterChannel } = await import('../../src/store/writer-channel.js');
const { KeyedSends } = await import('../../src/runtime/keyed-sends.js');
const { world } = await import('./world.js');

const SEED = 7;
const FEW = 2_000;

let mend: () => void = () => undefined;

/** Puts another method in the place of the product's, until the test is over. */
function plant<T extends object, K extends keyof T>(owner: T, name: K, method: T[K]): void {
  const original = owner[name];
  owner[name] = method;
  mend = () => {
    owner[name] = original;
  };
}

/** What the simulator says of the bug that is planted. */
async function found(seed = SEED): Promise<string> {
  const runner = await Runner.create(seed);
  const result = await runner.firstFailure(0, FEW);
  assert.ok(result?.failure, `${FEW} schedules found nothing`);
  return result.failure.message;
}

describe('a bug that is planted is found', () => {
  afterEach(() => mend());

  it('frames that come back wait behind those that never left', async () => {
    plant(Mailbox.prototype, 'pushReturned', function (this: InstanceType<typeof Mailbox>, frame) {
      this.push(frame, 0);
    });
    assert.match(await found(), /was handled behind/);
  });

  it('a worker gives frames back before what they caused is published', async () => {
    const { next } = RingConsumer.prototype;
    plant(RingConsumer.prototype, 'next', function (this: InstanceType<typeof RingConsumer>) {
      const came = next.call(this);
      if (came && world()?.current !== undefined) this.release();
      return came;
    });
    assert.match(await found(), /handled 0 times and is a dead letter 0 times|rings have/);
  });

  it('a frame that is done stays on the mailbox’s account', async () => {
    const { accountFor } = Delivery.prototype;
    let calls = 0;
    plant(Delivery.prototype, 'accountFor', function (this: object, ...args) {
      calls += 1;
      if (calls % 50 !== 0) accountFor.apply(this as never, args);
    });
    assert.match(await found(), /mailboxes count/);
  });

  it('persistence is acknowledged before it is there', async () => {
    plant(WriterChannel.prototype, 'durable', () => Promise.resolve());
    assert.match(await found(), /acknowledged as persistent and is lost/);
  });

  it('nobody wakes a worker that sleeps', async () => {
    plant(RingProducer.prototype, 'wakeConsumer', () => undefined);
    assert.match(await found(1), /sleeps though there are frames/);
  });

  it('an answer leaves its wait as it was', async () => {
    plant(Waiters.prototype, 'forget', () => undefined);
    assert.match(await found(), /got two results/);
  });

  it('what a dead worker had not begun is dropped', async () => {
    const { workerDied } = Recovery.prototype;
    plant(Recovery.prototype, 'workerDied', function (this: object, channel, leftovers) {
      workerDied.call(this as never, channel, {
        ...leftovers,
        waiting: leftovers.waiting.slice(1),
      });
    });
    assert.match(await found(), /handled 0 times and is a dead letter 0 times/);
  });

  it('a message in hand of a dead worker is forgotten', async () => {
    const { workerDied } = Recovery.prototype;
    plant(Recovery.prototype, 'workerDied', function (this: object, channel, leftovers) {
      workerDied.call(this as never, channel, { ...leftovers, inHand: undefined });
    });
    assert.match(await found(), /handled 0 times|did not come about|was never handled/);
  });

  it('a repeated send under a key is a send of its own', async () => {
    plant(KeyedSends.prototype, 'find', () => undefined);
    assert.match(await found(), /under key .* was accepted again/);
  });

  it('a mailbox takes more than its bound', async () => {
    plant(Mailbox.prototype, 'checkRoom', () => undefined);
    assert.match(await found(), /messages in the mailbox of/);
  });
});
