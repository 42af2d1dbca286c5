import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AgentData } from '../../src/worker/agent-data.js';
import { UndoLog } from '../../src/worker/undo-log.js';

interface Change {
  readonly from: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly write: number;
}

const WORKERS = 3;
const keyOf = (n: number): Uint8Array => Uint8Array.of(n);

/** Workers and the main thread between them, with every message that is on its way. */
class Cluster {
  readonly workers = Array.from({ length: WORKERS }, () => new AgentData());
  readonly #toMain: Change[][] = Array.from({ length: WORKERS }, () => []);
  readonly #toWorker: Array<Array<() => void>> = Array.from({ length: WORKERS }, () => []);
  readonly truth = new Map<number, number | undefined>();

  constructor() {
    for (const worker of this.workers) worker.share();
  }

  write(from: number, key: number, value: number | undefined, fails: boolean): void {
    const data = this.workers[from] as AgentData;
    const undo = new UndoLog();
    const write = data.nextWrite;
    const bytes = value === undefined ? undefined : Uint8Array.of(value);
    if (bytes === undefined && data.get(keyOf(key)) === undefined) return;
    if (bytes === undefined) data.delete(keyOf(key), undo);
    else data.put(keyOf(key), bytes, undo);
    if (fails) undo.rollback();
    else this.#toMain[from]?.push({ from, key: keyOf(key), value: bytes, write });
  }

  /** The main thread takes the next change of a worker and hands it on. */
  sequence(from: number): void {
    const change = this.#toMain[from]?.shift();
    if (change === undefined) return;
    this.truth.set(change.key[0] as number, change.value?.[0]);
    this.workers.forEach((data, worker) => {
      this.#toWorker[worker]?.push(() => {
        if (worker === from) data.confirm(change.write);
        else data.apply(change.key, change.value);
      });
    });
  }

  deliver(to: number): void {
    this.#toWorker[to]?.shift()?.();
  }

  settle(): void {
    for (let from = 0; from < WORKERS; from++) {
      while ((this.#toMain[from]?.length ?? 0) > 0) this.sequence(from);
    }
    for (let to = 0; to < WORKERS; to++) {
      while ((this.#toWorker[to]?.length ?? 0) > 0) this.deliver(to);
    }
  }
}

const worker = fc.nat({ max: WORKERS - 1 });
const step = fc.oneof(
  fc.record({
    act: fc.constant('write' as const),
    worker,
    key: fc.nat({ max: 2 }),
    value: fc.option(fc.nat({ max: 255 }), { nil: undefined }),
    fails: fc.boolean(),
  }),
  fc.record({ act: fc.constant('sequence' as const), worker }),
  fc.record({ act: fc.constant('deliver' as const), worker }),
);

test('whatever workers write and however late they hear of it, in the end all have the last write', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cluster = new Cluster();
      for (const each of steps) {
        if (each.act === 'write') cluster.write(each.worker, each.key, each.value, each.fails);
        else if (each.act === 'sequence') cluster.sequence(each.worker);
        else cluster.deliver(each.worker);
      }
      cluster.settle();
      for (const data of cluster.workers) {
        for (const [key, value] of cluster.truth) assert.equal(data.get(keyOf(key))?.[0], value);
      }
    }),
    { numRuns: 500 },
  );
});
