import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from '../../src/ring/patience.js';

const TWO_CORES = 2;

function after(...waits: number[]): number {
  const patience = new Patience(TWO_CORES);
  for (const us of waits) patience.waited(us);
  return patience.us;
}

test('who has not waited yet, or waits long, sleeps at once', () => {
  assert.equal(after(), 0);
  assert.equal(after(...new Array(20).fill(5_000)), 0);
});

test('who waits shortly again and again looks for longer than that', () => {
  const us = after(...new Array(40).fill(30));
  assert.ok(us > 30 && us < 200, `${us}`);
});

test('a few long waits end the looking, however long they are', () => {
  const short = new Array(40).fill(30);
  assert.ok(after(...short, 60_000_000) === 0);
  assert.ok(after(...short, 60_000_000, ...new Array(12).fill(30)) > 0);
});

test('on one core nobody looks', () => {
  const patience = new Patience(1);
  for (let i = 0; i < 40; i++) patience.waited(10);
  assert.equal(patience.us, 0);
});
