import { monotonicUs, wallUs } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import { FRAME_TIMER, TIMER_FRAME_BYTES, writeFrameHeader } from '../wire/frames.js';
import type { Instance } from './agent.js';
import type { Delivery } from './delivery.js';

/**
 * Timers that agents set. They run on the main thread and enter the agent's ring like a message,
 * so that they keep their order and survive the death of a worker; not that of the process.
 */
export class AgentTimers {
  readonly #delivery: Delivery;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
  }

  set(instance: Instance, timerId: number, delayUs: number): void {
    instance.nextTimerId = Math.max(instance.nextTimerId, timerId + 1);
    const delayMs = Math.min(Math.ceil(delayUs / 1_000), LIMITS.timer_delay_max_ms);
    const timer = setTimeout(() => this.#due(instance, timerId), delayMs);
    instance.timers.set(timerId, timer);
  }

  cancel(instance: Instance, timerId: number): void {
    clearTimeout(instance.timers.get(timerId));
    instance.timers.delete(timerId);
  }

  #due(instance: Instance, timerId: number): void {
    instance.timers.delete(timerId);
    const frame = Buffer.alloc(TIMER_FRAME_BYTES);
    writeFrameHeader(frame, 0, FRAME_TIMER, 0, 0, monotonicUs());
    frame.writeDoubleLE(wallUs(), 24);
    frame.writeUInt32LE(timerId, 32);
    this.#delivery.enqueueFrame(instance, frame);
  }
}
