import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { monotonicUs, wallUs } from '../../src/base/clock.js';
import { fromPlainError } from '../../src/base/errors.js';
import { newMessageId } from '../../src/base/ids.js';
import { LIMITS } from '../../src/base/limits.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { parseMessageInput } from '../../src/fipa/input.js';
import type { Message } from '../../src/fipa/message.js';
import { RingConsumer } from '../../src/ring/consumer.js';
import { createRing } from '../../src/ring/layout.js';
import { RingProducer } from '../../src/ring/producer.js';
import { prepareAgentModule } from '../../src/wasm/prepare.js';
import type {
  AgentInstall,
  ControlReply,
  ControlRequest,
  DirectoryChange,
  InstallResult,
  WorkerReport,
} from '../../src/wire/control.js';
import {
  FRAME_DELIVER,
  FRAME_HEADER_BYTES,
  FRAME_TIMER,
  TIMER_FRAME_BYTES,
  writeFrameHeader,
} from '../../src/wire/frames.js';
import { StatusBlock } from '../../src/wire/status-block.js';
import { compileWat } from './guests.js';
import {
  type BounceReply,
  type DoneReply,
  type Effect,
  type Reply,
  readReply,
} from './reply-frames.js';

export interface HarnessOptions {
  readonly ringBytes?: number;
  readonly contentBytes?: number;
  readonly dataBytes?: number;
}

/** One frame's end, and everything that came of it. */
export interface Handled {
  readonly done: DoneReply;
  readonly effects: Effect[];
}

type CallRequest = Exclude<ControlRequest, { verb: 'directory' | 'data' | 'exit' }>;

const GENERATION = 7;
const RING_BYTES = 8 * 1024 * 1024;

/** The main thread's side of one real worker thread, with every frame kept for the test. */
export class WorkerHarness {
  readonly status = new StatusBlock();
  /** All frames that came and that no handle() took. */
  readonly replies: Reply[] = [];
  readonly #piscina: Piscina;
  readonly #requests: RingProducer;
  readonly #requestBytes: Buffer;
  readonly #consumer: RingConsumer;
  readonly #replyBytes: Buffer;
  readonly #port: MessageChannel['port1'];
  readonly #calls = new Map<number, (reply: ControlReply) => void>();
  readonly #waiting = new Set<() => void>();
  readonly #task: Promise<void>;
  #held = false;
  #lastCall = 0;
  #lastSlot = 0;
  #lastSequence = 0;

  constructor(options: HarnessOptions = {}) {
    const capacityBytes = options.ringBytes ?? RING_BYTES;
    const requestRing = createRing({ capacityBytes, generation: GENERATION });
    const replyRing = createRing({ capacityBytes, generation: GENERATION });
    this.#requests = new RingProducer(requestRing);
    this.#requestBytes = bufferOver(this.#requests.bytes);
    this.#consumer = new RingConsumer(replyRing);
    this.#replyBytes = bufferOver(this.#consumer.bytes);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (message: ControlReply | number) => {
      if (typeof message === 'object') this.#answered(message);
      this.#drain();
    });
    this.#piscina = new Piscina({
      filename: new URL('../../src/worker/agent-worker.js', import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
    });
    const start = {
      workerIndex: 0,
      generation: GENERATION,
      requestRing,
      replyRing,
      status: this.status.buffer,
      port: port2,
      contentBytes: options.contentBytes ?? LIMITS.content_bytes,
      dataBytes: options.dataBytes ?? LIMITS.data_bytes_per_worker,
    };
    this.#task = this.#piscina.run(start, { transferList: [port2] });
    this.#drain();
  }

  /** Compiles, checks, meters and installs an agent. @returns its slot */
  async install(source: string | Uint8Array, changes: Partial<AgentInstall> = {}): Promise<number> {
    const { slot } = await this.installWith(source, changes);
    return slot;
  }

  async installWith(
    source: string | Uint8Array,
    changes: Partial<AgentInstall> = {},
  ): Promise<{ slot: number; result: InstallResult }> {
    const bytes = typeof source === 'string' ? await compileWat('agent', source) : source;
    const memoryMaxBytes = changes.memoryMaxBytes ?? LIMITS.memory_default_bytes;
    const prepared = prepareAgentModule(bytes, { memoryMaxBytes });
    const slot = ++this.#lastSlot;
    const agent: AgentInstall = {
      slot,
      agentId: `agent_${slot}`,
      name: `agent-${slot}`,
      module: new WebAssembly.Module(prepared.metered as Uint8Array<ArrayBuffer>),
      hasStart: prepared.start,
      fuelPerMessage: LIMITS.fuel_default,
      memoryMaxBytes,
      environment: {},
      data: [],
      sharesData: false,
      nextTimerId: 1,
      timestampUs: wallUs(),
      ...changes,
    };
    const result = await this.#call({ verb: 'install', call: 0, agent });
    return { slot, result: result as InstallResult };
  }

  async restart(slot: number): Promise<void> {
    await this.#call({ verb: 'restart', call: 0, slot, timestampUs: wallUs() });
  }

  async remove(slot: number, shutdown: boolean): Promise<void> {
    await this.#call({ verb: 'remove', call: 0, slot, shutdown, timestampUs: wallUs() });
  }

  async report(): Promise<WorkerReport> {
    return (await this.#call({ verb: 'report', call: 0 })) as WorkerReport;
  }

  directory(changes: readonly DirectoryChange[]): void {
    this.#post({ verb: 'directory', changes });
  }

  /** Puts a message into the request ring. @returns its sequence */
  send(slot: number, input: object, changes: Partial<Message> = {}): number {
    const message = parseMessageInput(
      { performative: 'request', sender: 'tester', receiver: `agent_${slot}`, ...input },
      { contentBytes: LIMITS.content_bytes_max, strict: true },
    );
    message.messageId = newMessageId();
    message.timestampUs = wallUs();
    if (message.conversationId === '') message.conversationId = 'conv_test';
    const binary = encodeMessageToBuffer({ ...message, ...changes });
    const frame = Buffer.alloc(FRAME_HEADER_BYTES + binary.length);
    binary.copy(frame, FRAME_HEADER_BYTES);
    return this.#sendFrame(FRAME_DELIVER, slot, frame);
  }

  /** Puts a due timer into the request ring. @returns its sequence */
  fire(slot: number, timerId: number, dueUs: number = wallUs()): number {
    const frame = Buffer.alloc(TIMER_FRAME_BYTES);
    frame.writeDoubleLE(dueUs, 24);
    frame.writeUInt32LE(timerId, 32);
    return this.#sendFrame(FRAME_TIMER, slot, frame);
  }

  /** Sends and awaits one message. */
  async handle(slot: number, input: object, changes: Partial<Message> = {}): Promise<Handled> {
    return this.handled(this.send(slot, input, changes));
  }

  /** Waits for the end of a frame and takes it, with all that came of it, out of `replies`. */
  async handled(sequence: number): Promise<Handled> {
    const isEnd = (reply: Reply): boolean => reply.kind === 'done' && reply.sequence === sequence;
    await this.until(() => this.replies.some(isEnd));
    const end = this.replies.findIndex(isEnd);
    const done = this.replies[end] as DoneReply & { slot: number };
    let start = end;
    while (start > 0 && isEffectOf(this.replies[start - 1]!, done.slot)) start--;
    const frames = this.replies.splice(start, end - start + 1);
    return { done, effects: frames.slice(0, -1) as Effect[] };
  }

  async bounced(sequence: number): Promise<BounceReply> {
    const isIt = (reply: Reply): boolean => reply.kind === 'bounce' && reply.sequence === sequence;
    await this.until(() => this.replies.some(isIt));
    const [bounce] = this.replies.splice(this.replies.findIndex(isIt), 1);
    return bounce as BounceReply & Reply;
  }

  /** Leaves frames in the reply ring, as a main thread that is busy does. */
  hold(): void {
    this.#held = true;
  }

  resume(): void {
    this.#held = false;
    this.#drain();
  }

  /** Waits until the condition holds; looked at when frames or answers come. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Ends the worker the way the server does. */
  async close(): Promise<void> {
    this.resume();
    this.#post({ verb: 'exit' });
    await this.#task;
    this.#port.close();
    await this.#piscina.destroy();
  }

  #sendFrame(kind: number, slot: number, frame: Buffer): number {
    const sequence = ++this.#lastSequence;
    writeFrameHeader(frame, 0, kind, slot, sequence, monotonicUs());
    const at = this.#requests.reserve(frame.length);
    if (at < 0) throw new Error('the request ring is full');
    this.#requestBytes.set(frame, at);
    this.#requests.commit(frame.length);
    this.#requests.publish();
    this.#requests.wakeConsumer();
    return sequence;
  }

  #post(request: ControlRequest): void {
    this.#port.postMessage(request);
    this.#requests.interrupt();
  }

  async #call(request: CallRequest): Promise<unknown> {
    const call = ++this.#lastCall;
    const answer = new Promise<ControlReply>((resolve) => this.#calls.set(call, resolve));
    this.#post({ ...request, call });
    const reply = await answer;
    if (reply.verb === 'report') return reply.report;
    if (reply.verb !== 'answer') throw new Error(`unexpected ${reply.verb}`);
    if (reply.error) throw fromPlainError(reply.error);
    return reply.value;
  }

  #answered(reply: ControlReply): void {
    if (reply.verb === 'ready') return;
    this.#drain();
    this.#calls.get(reply.call)?.(reply);
    this.#calls.delete(reply.call);
  }

  #drain(): void {
    if (this.#held) return;
    do {
      while (this.#consumer.next()) {
        const { offset, length } = this.#consumer;
        this.replies.push(readReply(this.#replyBytes, offset, length));
      }
      this.#consumer.release();
    } while (!this.#consumer.arm());
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

function isEffectOf(reply: Reply, slot: number): boolean {
  return reply.slot === slot && reply.kind !== 'done' && reply.kind !== 'bounce';
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
