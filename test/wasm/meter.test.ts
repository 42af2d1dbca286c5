import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { packageRoot } from '../../scripts/package-root.js';
import { meterModule } from '../../src/wasm/meter.js';
import { type CorpusCall, type CorpusModule, compileCorpus } from './corpus.js';
import { Guest, PLENTY } from './guest.js';

type Golden = Record<string, { start: number; calls: (number | 'trap')[] }>;

const golden: Golden = JSON.parse(
  readFileSync(join(packageRoot(import.meta.url), 'test/wasm/golden/wasmtime-fuel.json'), 'utf8'),
);
const corpus = await compileCorpus();

/** An instance on which the start function and the first `count` calls have been made. */
function replay(bytes: Uint8Array, calls: readonly CorpusCall[], count: number): Guest {
  const guest = new Guest(bytes);
  if ('caxton:start' in guest.exports) guest.call('caxton:start');
  for (const { call, args } of calls.slice(0, count)) guest.call(call, args);
  return guest;
}

function eachCall(
  module: CorpusModule,
  check: (call: CorpusCall, index: number, expected: number | 'trap') => void,
): void {
  const counts = golden[module.name];
  assert.ok(counts, 'no golden counts: run scripts/update-wasmtime-golden');
  assert.equal(counts.calls.length, module.calls.length);
  module.calls.forEach((call, index) => {
    const expected = counts.calls[index]!;
    check(call, index, expected === 'trap' ? expected : expected + (call.extra ?? 0));
  });
}

test('the corpus is as large as it has to be', () => {
  assert.ok(corpus.length >= 40);
});

for (const module of corpus) {
  describe(`metering ${module.name}`, () => {
    const metered = meterModule(module.bytes);

    test('gives the results and the state of the unmetered module', () => {
      const plain = replay(module.bytes, module.calls, 0);
      const guest = replay(metered.bytes, module.calls, 0);
      assert.deepEqual(guest.state(), plain.state());
      for (const { call, args } of module.calls) {
        const expected = plain.call(call, args);
        const actual = guest.call(call, args);
        assert.deepEqual(actual.result, expected.result, call);
        assert.equal(actual.trap, expected.trap, call);
        assert.equal(actual.exhausted, false, call);
        assert.deepEqual(guest.state(), plain.state(), call);
      }
    });

    test('counts the fuel that wasmtime counts, and what the ABI adds', () => {
      const guest = replay(metered.bytes, module.calls, 0);
      eachCall(module, ({ call, args }, index, expected) => {
        const outcome = guest.call(call, args);
        const label = `call ${index}, ${call}(${args})`;
        if (expected === 'trap') assert.ok(outcome.trap, label);
        else assert.equal(outcome.fuel, expected, label);
      });
    });

    test('passes on the exact budget and traps on one unit less', () => {
      eachCall(module, ({ call, args }, index, expected) => {
        if (expected === 'trap') return;
        const label = `call ${index}, ${call}(${args})`;
        const exact = replay(metered.bytes, module.calls, index).call(call, args, expected);
        assert.equal(exact.trap, undefined, label);
        assert.equal(exact.fuel, expected, label);
        const less = replay(metered.bytes, module.calls, index).call(call, args, expected - 1);
        assert.equal(less.trap, 'unreachable', label);
        assert.ok(less.exhausted, label);
      });
    });

    test('moves the start section to an export that is metered like any other', () => {
      const { start } = golden[module.name]!;
      const guest = new Guest(metered.bytes);
      assert.equal('caxton:start' in guest.exports, metered.start);
      if (!metered.start) return assert.equal(start, 0);
      assert.ok(new Guest(metered.bytes).call('caxton:start', [], start - 1).exhausted);
      assert.equal(guest.call('caxton:start', [], PLENTY).fuel, start);
    });
  });
}
