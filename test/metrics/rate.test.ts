import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionError } from '../../src/base/assert.js';
import { RateWindow } from '../../src/metrics/rate.js';

test('a rate is 0 until there are two samples at two times', () => {
  const rate = new RateWindow(10);
  assert.equal(rate.perSecond(), 0);
  rate.sample(100, 1_000);
  assert.equal(rate.perSecond(), 0);
  rate.sample(200, 1_000);
  assert.equal(rate.perSecond(), 0);
});

test('a counter that grows evenly has that rate', () => {
  const rate = new RateWindow(10);
  for (let second = 0; second <= 60; second++) rate.sample(second * 50, second * 1_000);
  assert.equal(rate.perSecond(), 50);
});

test('only the window counts', () => {
  const rate = new RateWindow(5);
  for (let second = 0; second <= 20; second++) rate.sample(second * 1_000, second * 1_000);
  assert.equal(rate.perSecond(), 1_000);
  for (let second = 21; second <= 25; second++) rate.sample(20_000, second * 1_000);
  assert.equal(rate.perSecond(), 0);
});

test('late samples are weighed by their time', () => {
  const rate = new RateWindow(10);
  rate.sample(0, 0);
  rate.sample(300, 1_500);
  assert.equal(rate.perSecond(), 200);
});

test('a rate is measured over the last gap when samples come more rarely than the window', () => {
  const rate = new RateWindow(1);
  rate.sample(0, 0);
  rate.sample(500, 5_000);
  rate.sample(1_500, 10_000);
  assert.equal(rate.perSecond(), 200);
});

test('a counter that starts over does not make the rate negative', () => {
  const rate = new RateWindow(10);
  rate.sample(1_000, 0);
  rate.sample(10, 1_000);
  assert.equal(rate.perSecond(), 0);
  rate.sample(30, 2_000);
  assert.equal(rate.perSecond(), 20);
});

test('a window without length is a programming error', () => {
  assert.throws(() => new RateWindow(0), AssertionError);
});
