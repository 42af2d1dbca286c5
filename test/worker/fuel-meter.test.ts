import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FuelMeter } from '../../src/worker/fuel-meter.js';

const outOfFuel = /out of fuel/;

test('an instance is charged the same from its first call on', () => {
  const fuel = new WebAssembly.Global({ value: 'i64', mutable: true }, 0n);
  const meter = new FuelMeter(fuel);
  for (let call = 0; call < 2_500; call++) {
    meter.start(1_000 + (call % 2));
    assert.equal(fuel.value, BigInt(1_000 + (call % 2)));
    fuel.value -= 100n;
    meter.charge(50);
    assert.equal(meter.used, 150);
    meter.charge(0, 0);
    assert.equal(fuel.value, BigInt(850 + (call % 2)));
    assert.throws(() => meter.charge(900), outOfFuel);
    assert.equal(fuel.value, -1n);
    assert.ok(meter.exhausted);
    assert.equal(meter.remaining, 0);
    assert.equal(meter.used, meter.budget);
    assert.throws(() => meter.charge(0), outOfFuel);
  }
});

test('budgets of many bits and prices of large copies are exact', () => {
  const fuel = new WebAssembly.Global({ value: 'i64', mutable: true }, 0n);
  const meter = new FuelMeter(fuel);
  for (let call = 0; call < 1_500; call++) {
    meter.start(2 ** 52 + 1);
    meter.charge(1, 2 ** 32 - 1);
    const first = meter.used;
    meter.charge(1, 0);
    assert.equal(meter.used, first + 1);
    assert.equal(fuel.value, BigInt(2 ** 52 + 1 - first - 1));
    meter.start(5);
    meter.charge(5);
    assert.equal(meter.remaining, 0);
    assert.equal(meter.exhausted, false);
  }
});
