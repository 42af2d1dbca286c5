import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusBlock } from '../../src/wire/status-block.js';

test('a new block says that nothing is in hand', () => {
  const status = new StatusBlock();
  assert.equal(status.sequenceInHand, 0);
  assert.equal(status.lastFinished, 0);
  assert.equal(status.busyMs(12_345), 0);
});

test('both sides of the memory see the frame in hand, its agent and since when', () => {
  const worker = new StatusBlock();
  const main = new StatusBlock(worker.buffer);
  worker.take(7, 3, 1_000);
  assert.equal(main.sequenceInHand, 7);
  assert.equal(main.slotInHand, 3);
  assert.equal(main.busyMs(1_250), 250);
  worker.finish(7);
  assert.equal(main.sequenceInHand, 0);
  assert.equal(main.lastFinished, 7);
  assert.equal(main.busyMs(9_999), 0);
});

test('an agent that is started or shut down is busy without a frame in hand', () => {
  const worker = new StatusBlock();
  const main = new StatusBlock(worker.buffer);
  worker.beginStep(5, 2_000);
  assert.equal(main.sequenceInHand, 0);
  assert.equal(main.slotInHand, 5);
  assert.equal(main.inStep, true);
  assert.equal(main.busyMs(2_300), 300);
  worker.endStep();
  assert.equal(main.inStep, false);
  assert.equal(main.busyMs(9_999), 0);
});

test('an agent is not charged with the time in which its worker waits for room', () => {
  const worker = new StatusBlock();
  const main = new StatusBlock(worker.buffer);
  worker.take(7, 3, 1_000);
  worker.beginWait();
  assert.equal(main.busyMs(60_000), 0);
  worker.endWait(50_000);
  assert.equal(main.busyMs(51_200), 200);
});

test('sequences and slots use all 32 bits', () => {
  const status = new StatusBlock();
  status.take(0xffff_ffff, 0xffff_fffe, 0);
  assert.equal(status.sequenceInHand, 0xffff_ffff);
  assert.equal(status.slotInHand, 0xffff_fffe);
  status.finish(0xffff_ffff);
  assert.equal(status.lastFinished, 0xffff_ffff);
});

test('time goes on where its 32 bits begin again, and never runs backwards', () => {
  const status = new StatusBlock();
  status.take(1, 1, 2 ** 32 - 10);
  assert.equal(status.busyMs(2 ** 32 + 15), 25);
  status.take(2, 1, 500.9);
  assert.equal(status.busyMs(499), 0);
  assert.equal(status.busyMs(510.2), 10);
});
