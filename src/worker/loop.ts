import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { type PlainError, toPlainError } from '../base/errors.js';
import { RingConsumer } from '../ring/consumer.js';
import { Patience } from '../ring/patience.js';
import { RingProducer } from '../ring/producer.js';
import type { ControlReply, ControlRequest, InstallResult, WorkerStart } from '../wire/control.js';
import { StatusBlock } from '../wire/status-block.js';
import { AgentHost } from './agent-host.js';
import { CurrentCall } from './current-call.js';
import { DataBudget } from './data-budget.js';
import { Directory } from './directory.js';
import { Effects } from './effects.js';
import { GuestEncoder } from './guest-encoding.js';
import { GuestInput } from './guest-input.js';
import type { WorkerServices } from './host-context.js';
import { Measurements } from './measurements.js';
import { PlainSends } from './plain-sends.js';
import { ReplyWriter } from './reply-writer.js';

// Frames and verbs wake the loop; the time only bounds how long a lost wake-up could go unnoticed.
const IDLE_WAIT_MS = 1_000;
/** How long to look at an empty ring before sleeping anyway. */
const LOOK_MS = 0.002;
/** One message, or two that cross. Who is given more at once has time to be woken meanwhile. */
const FEW_FRAMES = 2;

/**
 * The life of a worker thread: frames of the request ring in order, and between two frames the
 * control verbs that were posted meanwhile.
 */
export class WorkerLoop {
  readonly #port: MessagePort;
  readonly #requests: RingConsumer;
  readonly #requestBytes: Buffer;
  readonly #services: WorkerServices;
  readonly #host: AgentHost;
  readonly #measurements = new Measurements();
  readonly #patience = new Patience();
  /** Frames since the loop last waited. */
  #frames = 0;
  #exiting = false;

  constructor(start: WorkerStart) {
    this.#port = start.port;
    this.#requests = new RingConsumer(start.requestRing, start.generation);
    const { buffer, byteOffset, length } = this.#requests.bytes;
    this.#requestBytes = Buffer.from(buffer, byteOffset, length);
    const status = new StatusBlock(start.status);
    const replies = new ReplyWriter(
      new RingProducer(start.replyRing, start.generation),
      start.port,
      status,
      () => this.#requests.pendingBytes() > 0,
    );
    const call = new CurrentCall();
    const effects = new Effects(replies);
    this.#services = {
      call,
      dataBudget: new DataBudget(start.dataBytes),
      effects,
      directory: new Directory(),
      encoder: new GuestEncoder(),
      input: new GuestInput(start.contentBytes),
      plainSends: new PlainSends(start.contentBytes, call, effects),
    };
    this.#host = new AgentHost(this.#services, status, this.#measurements);
  }

  /** Runs until the verb `exit`. Blocks its thread. */
  run(): void {
    this.#takeVerbs();
    while (!this.#exiting) this.step();
  }

  /** Told to end; no further step is to follow. */
  get exiting(): boolean {
    return this.#exiting;
  }

  /** Handles the next frame; where there is none, sleeps until frames or verbs come. */
  step(): void {
    const requests = this.#requests;
    if (requests.next()) {
      // Whoever posts a verb interrupts the ring, and asking the port costs a hundred times as
      // much. Seen here, a verb that was posted before this frame is obeyed before it.
      if (requests.takeInterrupt()) this.#takeVerbs();
      if (this.#exiting) return;
      this.#host.take(this.#requestBytes, requests.offset, requests.length);
      // Only now: a frame whose effects aren't published yet is found again by a successor.
      requests.release();
      this.#frames += 1;
    } else if (!this.#wait()) this.#takeVerbs();
  }

  #wait(): boolean {
    const beganMs = performance.now();
    const lookMs = this.#frames <= FEW_FRAMES ? this.#patience.us / 1_000 : 0;
    this.#frames = 0;
    const came = this.#requests.waitForFrames(IDLE_WAIT_MS, Math.max(lookMs, LOOK_MS));
    this.#patience.waited((performance.now() - beganMs) * 1_000);
    return came;
  }

  #takeVerbs(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#obey(received.message as ControlRequest);
    }
  }

  #obey(request: ControlRequest): void {
    const host = this.#host;
    switch (request.verb) {
      case 'install':
        this.#answer(request.call, () => host.install(request.agent));
        break;
      case 'restart':
        this.#answer(request.call, () => host.restart(request.slot, request.timestampUs));
        break;
      case 'remove':
        this.#answer(request.call, () => {
          host.remove(request.slot, request.shutdown, request.timestampUs);
          return undefined;
        });
        break;
      case 'share_data':
        this.#answer(request.call, () => {
          host.shareData(request.agentId);
          return undefined;
        });
        break;
      case 'data':
        host.updateData(request.updates);
        break;
      case 'directory':
        this.#services.directory.apply(request.changes);
        break;
      case 'report':
        this.#post({ verb: 'report', call: request.call, report: this.#measurements.report() });
        break;
      case 'exit':
        this.#exiting = true;
        break;
    }
  }

  #answer(call: number, act: () => InstallResult | undefined): void {
    let value: InstallResult | undefined;
    let error: PlainError | undefined;
    try {
      value = act();
    } catch (thrown) {
      error = toPlainError(thrown);
    }
    this.#post({ verb: 'answer', call, ...(value && { value }), ...(error && { error }) });
  }

  #post(reply: ControlReply): void {
    this.#port.postMessage(reply);
  }
}
