import type { MessagePort } from 'node:worker_threads';
import { AssertionError, assert } from '../base/assert.js';
import { monotonicUs } from '../base/clock.js';
import { CaxtonError, fromPlainError } from '../base/errors.js';
import { putUint32, uint32At } from '../base/little-endian.js';
import { copyAligned } from '../base/words.js';
import { RingConsumer } from '../ring/consumer.js';
import { createRing } from '../ring/layout.js';
import { RingProducer } from '../ring/producer.js';
import type {
  AgentInstall,
  ControlReply,
  ControlRequest,
  DataUpdate,
  DirectoryChange,
  InstallResult,
  WorkerReport,
} from '../wire/control.js';
import {
  FRAME_BOUNCE,
  FRAME_DELIVER,
  FRAME_DONE,
  FRAME_HEADER_BYTES,
  writeFrameHeader,
} from '../wire/frames.js';
import { StatusBlock } from '../wire/status-block.js';
import { type Leftovers, sortLeftovers, unreadFrames } from './leftovers.js';

/** Takes the frames that a worker published. The bytes are valid only during the call. */
export interface ReplySink {
  /** Whether the receiver has room for more; when not, the ring keeps what it has. */
  ready(): boolean;
  frame(channel: WorkerChannel, source: Buffer, offset: number, length: number): void;
}

interface PendingAnswer {
  readonly reply: ControlReply;
  /** Position of the reply ring that has to be read before. */
  readonly after: number;
}

const WAKE_BATCH = 128;
const DRAIN_MS = 2;
const FRAMES_PER_CLOCK_LOOK = 16;

/** What a worker is at: an agent's message (by its frame; 0 = none), or its start or shutdown. */
export interface Busy {
  readonly sequence: number;
  readonly slot: number;
  readonly ms: number;
  readonly inStep: boolean;
}

interface PendingCall {
  /** The agent that it is about; undefined = none. */
  readonly slot: number | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The main thread's end of one worker in one generation: two rings, the status block and a port
 * for control verbs. A worker that dies gets a successor with rings of its own.
 */
export class WorkerChannel {
  readonly index: number;
  readonly generation: number;
  readonly requestRing: SharedArrayBuffer;
  readonly replyRing: SharedArrayBuffer;
  readonly status = new StatusBlock();
  /** Frames handed over whose DONE or BOUNCE has not come. */
  inFlight = 0;
  /** Frames that the last drain took. */
  taken = 0;
  /** Called once, when a ring holds what cannot be: nothing is read or written there any more. */
  onBroken: ((reason: AssertionError) => void) | undefined;
  #broken = false;
  #dead = false;
  #unannounced = 0;
  #lastFinished = 0;
  #nextSequence = 1;
  #nextSlot = 1;
  #nextCall = 1;
  readonly #requests: RingProducer;
  readonly #requestBytes: Buffer;
  readonly #replies: RingConsumer;
  readonly #replyBytes: Buffer;
  readonly #port: MessagePort;
  readonly #calls = new Map<number, PendingCall>();
  readonly #answers: PendingAnswer[] = [];

  constructor(index: number, generation: number, ringBytes: number, port: MessagePort) {
    this.index = index;
    this.generation = generation;
    this.requestRing = createRing({ capacityBytes: ringBytes, generation });
    this.replyRing = createRing({ capacityBytes: ringBytes, generation });
    this.#requests = new RingProducer(this.requestRing, generation);
    this.#requestBytes = bufferOver(this.#requests.bytes);
    this.#replies = new RingConsumer(this.replyRing, generation);
    this.#replyBytes = bufferOver(this.#replies.bytes);
    this.#port = port;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Over what the sink is given as `source`. */
  get replyView(): DataView {
    return this.#replies.view;
  }

  newSlot(): number {
    return this.#nextSlot++;
  }

  /**
   * Hands one binary message to the agent in `slot`.
   * @param view over the same memory as `source`; `mark` comes back with the end of the message
   * @returns false when the ring has no room now; nothing was written then
   */
  deliver(
    slot: number,
    source: Buffer,
    offset: number,
    length: number,
    acceptedUs: number,
    view: DataView = viewOf(source),
    mark = 0,
  ): boolean {
    const total = FRAME_HEADER_BYTES + length;
    const at = this.#reserve(total);
    if (at < 0) return false;
    const target = this.#requestBytes;
    writeFrameHeader(target, at, FRAME_DELIVER, slot, this.#takeSequence(), acceptedUs, mark);
    copyAligned(this.#requests.bytes, at + FRAME_HEADER_BYTES, view, offset, length);
    return this.#send(total);
  }

  /** Hands over a whole frame that waited, or came back, under this channel's slot and sequence. */
  deliverFrame(slot: number, frame: Buffer): boolean {
    const at = this.#reserve(frame.length);
    if (at < 0) return false;
    const target = this.#requestBytes;
    frame.copy(target, at);
    putUint32(target, at + 4, slot);
    putUint32(target, at + 8, this.#takeSequence());
    return this.#send(frame.length);
  }

  #reserve(length: number): number {
    if (this.#dead || this.#broken) return -1;
    try {
      return this.#requests.reserve(length);
    } catch (error) {
      this.#breakOff(error);
      return -1;
    }
  }

  // Frames of a worker whose rings are corrupt could be anything: its thread is to be ended.
  #breakOff(error: unknown): void {
    if (!(error instanceof AssertionError)) throw error;
    if (this.#broken) return;
    this.#broken = true;
    this.onBroken?.(error);
  }

  // Zero means "none" in the status block and is never given out.
  #takeSequence(): number {
    const sequence = this.#nextSequence;
    this.#nextSequence = (sequence + 1) >>> 0 || 1;
    return sequence;
  }

  #send(length: number): boolean {
    try {
      this.#requests.commit(length);
      this.#requests.publish();
    } catch (error) {
      this.#breakOff(error);
      return false;
    }
    this.inFlight += 1;
    this.#unannounced += 1;
    if (this.#unannounced >= WAKE_BATCH) this.wake();
    return true;
  }

  /**
   * Wakes the worker if it sleeps on what was handed over. Waking takes longer than handing over,
   * and a worker is often done before the next message comes: so it is woken once for all that a
   * turn of the event loop hands over, or sooner when that is much.
   */
  wake(): void {
    if (this.#unannounced === 0 || this.#dead) return;
    this.#unannounced = 0;
    this.#requests.wakeConsumer();
  }

  /**
   * Gives published frames to the sink, at most `budget` of them and for about two milliseconds:
   * sockets must get their turn however much agents have to say.
   * @returns whether frames are left
   */
  drain(sink: ReplySink, budget: number): boolean {
    this.taken = 0;
    if (this.#broken) return false;
    try {
      return this.#drain(sink, budget);
    } catch (error) {
      this.#breakOff(error);
      return false;
    }
  }

  #drain(sink: ReplySink, budget: number): boolean {
    const replies = this.#replies;
    const endMs = performance.now() + DRAIN_MS;
    let taken = 0;
    try {
      while (taken < budget && sink.ready() && replies.next()) {
        const { offset, length } = replies;
        this.#noteFinished(offset);
        sink.frame(this, this.#replyBytes, offset, length);
        taken += 1;
        if (taken % FRAMES_PER_CLOCK_LOOK === 0 && performance.now() > endMs) break;
      }
    } finally {
      // Also when the sink throws: a frame that can't be digested must not come again for ever.
      if (taken > 0) replies.release();
    }
    this.taken = taken;
    this.#giveAnswers();
    return replies.pendingBytes() > 0;
  }

  #noteFinished(offset: number): void {
    const kind = this.#replyBytes[offset];
    if (kind !== FRAME_DONE && kind !== FRAME_BOUNCE) return;
    this.#lastFinished = uint32At(this.#replyBytes, offset + 8);
    this.inFlight -= 1;
  }

  /** Asks for the doorbell. @returns false when frames are there already */
  arm(): boolean {
    if (this.#dead || this.#broken) return true;
    try {
      return this.#replies.arm();
    } catch (error) {
      this.#breakOff(error);
      return true;
    }
  }

  install(agent: AgentInstall): Promise<InstallResult> {
    return this.#call(agent.slot, (call) => ({
      verb: 'install',
      call,
      agent,
    })) as Promise<InstallResult>;
  }

  restart(slot: number, timestampUs: number): Promise<InstallResult> {
    return this.#call(slot, (call) => ({
      verb: 'restart',
      call,
      slot,
      timestampUs,
    })) as Promise<InstallResult>;
  }

  async remove(slot: number, shutdown: boolean, timestampUs: number): Promise<void> {
    await this.#call(slot, (call) => ({ verb: 'remove', call, slot, shutdown, timestampUs }));
  }

  /** Resolves when all changes of the agent's data made before have been given to the sink. */
  async shareData(agentId: string): Promise<void> {
    await this.#call(undefined, (call) => ({ verb: 'share_data', call, agentId }));
  }

  updateData(updates: readonly DataUpdate[]): void {
    if (!this.#dead) this.#post({ verb: 'data', updates });
  }

  report(): Promise<WorkerReport> {
    return this.#call(undefined, (call) => ({ verb: 'report', call })) as Promise<WorkerReport>;
  }

  updateDirectory(changes: readonly DirectoryChange[]): void {
    if (!this.#dead && changes.length > 0) this.#post({ verb: 'directory', changes });
  }

  exit(): void {
    if (!this.#dead) this.#post({ verb: 'exit' });
  }

  #call(slot: number | undefined, request: (call: number) => ControlRequest): Promise<unknown> {
    if (this.#dead) return Promise.reject(workerGone(this.index));
    const call = this.#nextCall++;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { slot, resolve, reject });
      this.#post(request(call));
    });
  }

  #post(request: ControlRequest): void {
    this.#port.postMessage(request);
    this.#requests.interrupt();
  }

  /**
   * A control answer came. Effects of an installation are in the ring before its answer: it is
   * handed on when everything that is published by now has been read.
   */
  answered(reply: ControlReply): void {
    try {
      if (reply.verb === 'report') this.#giveAnswer(reply);
      else this.#answers.push({ reply, after: this.#replies.publishedPosition() });
    } catch (error) {
      this.#breakOff(error);
    }
  }

  get hasAnswers(): boolean {
    return this.#answers.length > 0;
  }

  #giveAnswers(): void {
    for (let next = this.#answers[0]; next !== undefined; next = this.#answers[0]) {
      if (((this.#replies.position - next.after) | 0) < 0) return;
      this.#answers.shift();
      this.#giveAnswer(next.reply);
    }
  }

  #giveAnswer(reply: ControlReply): void {
    if (reply.verb === 'ready') return;
    const pending = this.#calls.get(reply.call);
    assert(pending !== undefined, 'a worker answered a call that nobody made');
    this.#calls.delete(reply.call);
    if (reply.verb === 'report') pending.resolve(reply.report);
    else if (reply.error === undefined) pending.resolve(reply.value);
    else pending.reject(fromPlainError(reply.error));
  }

  /** For how long the worker has been at one thing, and for which agent. */
  busy(): Busy {
    // In this order a frame taken between two reads can't be charged with its predecessor's time.
    const { sequenceInHand: sequence, slotInHand: slot, inStep } = this.status;
    return { sequence, slot, inStep, ms: this.status.busyMs(Math.floor(monotonicUs() / 1_000)) };
  }

  /** Those who wait for the agent to be started or shut down get this error. */
  failCalls(slot: number, error: CaxtonError): void {
    for (const [call, pending] of this.#calls) {
      if (pending.slot !== slot) continue;
      this.#calls.delete(call);
      pending.reject(error);
    }
  }

  /**
   * The thread is gone, or can't be ended: takes what it still published, then what it never
   * handled. Later answers of this generation can't reach anybody, since nobody reads these rings
   * any more; so whatever a thread that still runs does is undone by not being looked at.
   */
  bury(sink: ReplySink): Leftovers {
    const always: ReplySink = { ready: () => true, frame: (...args) => sink.frame(...args) };
    const drain = (): void => {
      while (this.drain(always, Number.MAX_SAFE_INTEGER));
    };
    drain();
    this.#dead = true;
    const unread = unreadFrames(this.requestRing, this.generation);
    // A thread that still runs may have published and given back a frame in between: what is not
    // among the unread ones any more was published before, and is found now.
    drain();
    this.#port.close();
    for (const pending of this.#calls.values()) pending.reject(workerGone(this.index));
    this.#calls.clear();
    this.inFlight = 0;
    return sortLeftovers(unread, this.#lastFinished, this.status);
  }
}

// Buffer's readers and writers are faster than a DataView's for text and are used everywhere else.
function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function workerGone(index: number): CaxtonError {
  return new CaxtonError('UNAVAILABLE', `Worker ${index} died; its agents are being restarted.`, {
    worker: index,
  });
}
