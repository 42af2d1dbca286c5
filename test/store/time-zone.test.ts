import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TimeZone } from '../../src/store/time-zone.js';

/** How far a time lies before an earlier one, at most. */
function disorderOf(times: readonly number[]): number {
  let latest = Number.NEGATIVE_INFINITY;
  let disorder = 0;
  for (const time of times) {
    disorder = Math.max(disorder, latest - time);
    latest = Math.max(latest, time);
  }
  return disorder;
}

const limit = fc.oneof(
  fc.integer({ min: -5, max: 110 }),
  fc.constantFrom(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
);

describe('time zone', () => {
  it('tells exactly which messages lie in a time range, whatever their order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 80 }),
        fc.boolean(),
        limit,
        limit,
        fc.integer({ min: 0, max: 1_000 }),
        (drawn, sorted, fromUs, toUs, first) => {
          const times = sorted ? drawn.toSorted((a, b) => a - b) : drawn;
          const end = first + times.length;
          const timeOf = (number: number): number => times[number - first]!;
          const zone = new TimeZone({ fromUs, toUs }, first, end, disorderOf(times), timeOf);
          for (let number = first; number < end; number++) {
            const time = timeOf(number);
            assert.equal(zone.has(number), time >= fromUs && time < toUs, `number ${number}`);
          }
        },
      ),
    );
  });

  it('reads few timestamps when they are in order', () => {
    let reads = 0;
    const timeOf = (number: number): number => {
      reads++;
      return number;
    };
    const zone = new TimeZone({ fromUs: 1_000, toUs: 3_000 }, 0, 4_096, 0, timeOf);
    const found = Array.from({ length: 4_096 }, (_, number) => number).filter((n) => zone.has(n));
    assert.equal(found.length, 2_000);
    assert.ok(reads <= 4 * 13, `${reads} timestamps were read`);
  });
});
