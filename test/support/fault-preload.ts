import { getEnvironmentData, threadId } from 'node:worker_threads';
import { RingConsumer } from '../../src/ring/consumer.js';
import { RingProducer } from '../../src/ring/producer.js';
import { StatusBlock } from '../../src/wire/status-block.js';
import { AgentHost } from '../../src/worker/agent-host.js';
import { Effects } from '../../src/worker/effects.js';
import { BOARD_KEY, type Fault, FaultBoard, type FaultPoint } from './fault-board.js';

/**
 * Loaded into a worker thread before its program, of which it wraps the steps of a message's life:
 * the thread meets there what the board says. In a worker thread the only ring that is read is that
 * of requests, and the only one written that of replies.
 */

const board = new FaultBoard(getEnvironmentData(BOARD_KEY) as SharedArrayBuffer);
board.awaitBirth();

/** Whether the frame that was read last is one that a fault waits for. */
let marked = false;

function stand(point: FaultPoint): void {
  if (!marked) return;
  const fault = board.reached(point, threadId);
  if (fault !== undefined) suffer(fault);
}

function suffer(fault: Fault): void {
  if (fault === 'exits') process.exit(9);
  if (fault === 'throws') throw new Error('a fault that a test ordered');
  if (fault === 'goes on') return;
  const kept: unknown[] = [];
  for (;;) kept.push(new Array(100).fill(kept.length));
}

const { next, release } = RingConsumer.prototype;
RingConsumer.prototype.next = function () {
  if (!next.call(this)) return false;
  const { buffer, byteOffset } = this.bytes;
  marked = board.marks(Buffer.from(buffer, byteOffset + this.offset, this.length));
  // What was read is known to this thread alone: for others it waits as before.
  stand('waiting');
  return true;
};
RingConsumer.prototype.release = function () {
  stand('finished');
  release.call(this);
  stand('released');
  if (marked) board.pass();
  marked = false;
};

const { take, beginStep } = StatusBlock.prototype;
StatusBlock.prototype.beginStep = function (...step) {
  beginStep.apply(this, step);
  stand('starting');
};
StatusBlock.prototype.take = function (...frame) {
  take.apply(this, frame);
  stand('taken');
};

const { install } = AgentHost.prototype;
AgentHost.prototype.install = function (agent) {
  marked = board.marks(Buffer.from(agent.name));
  const result = install.call(this, agent);
  marked = false;
  return result;
};

const { openSend } = Effects.prototype;
Effects.prototype.openSend = function (bytesMax) {
  const at = openSend.call(this, bytesMax);
  stand('called');
  return at;
};

const { publish, waitForSpace } = RingProducer.prototype;
RingProducer.prototype.waitForSpace = function (...room) {
  stand('full');
  return waitForSpace.apply(this, room);
};
RingProducer.prototype.publish = function () {
  stand('written');
  publish.call(this);
  stand('published');
};

const now = performance.now.bind(performance);
let stoppedMs: number | undefined;
performance.now = () => {
  if (!board.clockStopped) stoppedMs = undefined;
  else stoppedMs ??= now();
  return stoppedMs ?? now();
};
