import { wallMs } from '../base/clock.js';
import { CaxtonError, type PlainError } from '../base/errors.js';
import { newMessageId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { doubleAt, uint32At } from '../base/little-endian.js';
import type { Logger } from '../base/log.js';
import { decodeMessage, encodedBytes } from '../fipa/binary.js';
import { emptyMessage, type Message } from '../fipa/message.js';
import type { ReplySink, WorkerChannel } from '../pool/worker-channel.js';
import type { Store } from '../store/store.js';
import {
  BOUNCE_RESTARTING,
  BOUNCE_THROTTLED,
  DONE_HEADER_BYTES,
  emptyDoneFrame,
  FRAME_BOUNCE,
  FRAME_BROADCAST,
  FRAME_CAPABILITY,
  FRAME_DATA_DELETE,
  FRAME_DATA_PUT,
  FRAME_DELIVER,
  FRAME_DONE,
  FRAME_HEADER_BYTES,
  FRAME_LOG,
  FRAME_SEND,
  FRAME_SUBSCRIBE,
  FRAME_TIMER_CANCEL,
  FRAME_TIMER_SET,
  LOG_ERROR,
  OUTCOME_OK,
  OUTCOME_TRAPPED,
  padTo8,
  readDoneHeader,
} from '../wire/frames.js';
import { isHistoryBehind } from './acceptance.js';
import type { Agent, Instance } from './agent.js';
import type { AgentSubscriptions } from './agent-subscriptions.js';
import type { AgentTimers } from './agent-timers.js';
import type { Backlog } from './backlog.js';
import type { Counters } from './counters.js';
import type { DataReplicas } from './data-replicas.js';
import type { Delivery } from './delivery.js';
import type { Directory } from './directory.js';
import { BROADCAST } from './groups.js';
import { type HopLimit, isTooFar } from './hop-limit.js';
import type { Pending } from './pending.js';
import type { Residents } from './residents.js';
import type { Router } from './router.js';

export interface RepliesParts {
  readonly backlog: Backlog;
  readonly counters: Counters;
  readonly delivery: Delivery;
  readonly directory: Directory;
  readonly hopLimit: HopLimit;
  readonly logger: Logger;
  readonly pending: Pending;
  readonly replicas: DataReplicas;
  readonly residents: Residents;
  readonly router: Router;
  readonly store: Store;
  readonly subscriptions: AgentSubscriptions;
  readonly timers: AgentTimers;
  /** The instance is of no use any more. */
  readonly trapped: (instance: Instance, error: PlainError) => void;
}

// Room in the store's ring that must be there before a frame is taken from its ring: enough for most.
// What needs more, and finds no room, holds up those behind it.
const ROOM_NEEDED_BYTES = 256 * 1024;

/** Reads what workers publish and makes it happen: messages, stored data, timers, ends of messages. */
export class Replies implements ReplySink {
  readonly #parts: RepliesParts;
  readonly #done = emptyDoneFrame();
  /** Over the ring whose frame is read. */
  #view = new DataView(new ArrayBuffer(0)) as DataView;

  constructor(parts: RepliesParts) {
    this.#parts = parts;
  }

  /** While the store is behind, what agents do stays in the rings and slows them down. */
  ready(): boolean {
    const { backlog, store } = this.#parts;
    return backlog.empty && store.keepsUp(ROOM_NEEDED_BYTES);
  }

  frame(channel: WorkerChannel, source: Buffer, offset: number, length: number): void {
    const instance = this.#parts.residents.at(channel, uint32At(source, offset + 4));
    if (instance === undefined) return;
    this.#view = channel.replyView;
    try {
      this.#handle(instance, source, offset, length);
    } catch (error) {
      // One frame that can't be digested must not stop those behind it.
      const { id } = instance.agent;
      this.#parts.logger.error({ err: error, agent_id: id }, 'a reply could not be handled');
    }
  }

  #handle(instance: Instance, source: Buffer, offset: number, length: number): void {
    const body = offset + FRAME_HEADER_BYTES;
    switch (source[offset]) {
      case FRAME_DONE:
        this.#finish(instance, source, offset);
        break;
      case FRAME_SEND:
        this.#send(instance, source, body);
        break;
      case FRAME_BOUNCE:
        this.#bounce(instance, source, offset, length);
        break;
      case FRAME_DATA_PUT:
      case FRAME_DATA_DELETE:
        this.#data(instance, source, offset);
        break;
      case FRAME_BROADCAST:
        this.#broadcast(instance, source, offset);
        break;
      case FRAME_TIMER_SET:
        this.#parts.timers.set(
          instance,
          uint32At(source, offset + 8),
          doubleAt(source, offset + 16),
        );
        break;
      case FRAME_TIMER_CANCEL:
        this.#parts.timers.cancel(instance, uint32At(source, offset + 8));
        break;
      default:
        this.#handleText(instance, source, offset);
    }
  }

  // Frames whose body is one text.
  #handleText({ agent, version }: Instance, source: Buffer, offset: number): void {
    const body = offset + FRAME_HEADER_BYTES;
    const text = source.toString('utf8', body, body + uint32At(source, offset + 8));
    switch (source[offset]) {
      case FRAME_LOG:
        this.#log(agent, source[offset + 1] as number, text);
        break;
      case FRAME_CAPABILITY:
        if (this.#parts.directory.addCapability(version, text)) this.#registered(agent);
        break;
      case FRAME_SUBSCRIBE:
        if (this.#parts.subscriptions.add(agent, text)) this.#registered(agent);
        break;
      default:
        throw new CaxtonError('INTERNAL_ERROR', `Unknown frame kind ${source[offset]}`);
    }
  }

  // What it registers while it starts is written with the end of the start, and would come again.
  #registered(agent: Agent): void {
    if (agent.state === 'running') this.#parts.store.putAgent(agent.toRecord());
  }

  #finish(instance: Instance, source: Buffer, offset: number): void {
    const { counters, delivery } = this.#parts;
    const { figures } = instance.agent;
    const done = this.#done;
    readDoneHeader(this.#view, offset, done);
    const ok = done.outcome === OUTCOME_OK;
    if (instance.memoryBytes !== done.memoryBytes) {
      instance.memoryBytes = done.memoryBytes;
      figures.memory(instance.agent.memoryBytes);
    }
    figures.handled(ok, done.handlingUs, done.latencyUs, done.fuelUsed);
    instance.version.trial?.record(ok, done.latencyUs);
    instance.window.observe(done.handlingUs);
    counters.fuelUsed += done.fuelUsed;
    if (ok) {
      counters.processed += 1;
      this.#parts.pending.handled(done.mark);
    }
    if (done.pauseMs > 0) this.#pause(instance, done.pauseMs);
    if (instance.refusedSends > 0) this.#slowDown(instance);
    if (done.outcome === OUTCOME_TRAPPED) {
      instance.ready = false;
      instance.settling = true;
    }
    delivery.accountFor(instance, done.frameBytes);
    // Last, and after the books are right: telling others of a failure may itself be refused.
    if (!ok) this.#failed(instance, source, offset, done.outcome === OUTCOME_TRAPPED);
    delivery.pump(instance);
    delivery.pumpStarved();
  }

  // Backpressure for agents: who writes to full mailboxes is made to wait.
  #slowDown(instance: Instance): void {
    const refused = instance.refusedSends;
    instance.refusedSends = 0;
    this.#pause(
      instance,
      Math.min(refused * LIMITS.refused_send_pause_ms, LIMITS.refused_send_pause_max_ms),
    );
    if (refused <= LIMITS.refused_sends_buried) return;
    this.#log(instance.agent, LOG_ERROR, `${refused} messages that it sent at once were refused`);
    if (instance.unreported.size > 0) this.#reportRest(instance);
  }

  /** The agent was told 0 for each of them, and must not believe that they arrived. */
  #reportRest({ agent, unreported, refusedHops }: Instance): void {
    const codes = Object.fromEntries(unreported);
    unreported.clear();
    if (this.#parts.hopLimit.isSpent(refusedHops)) return;
    const count = Object.values(codes).reduce((sum, some) => sum + some, 0);
    const list = Object.entries(codes).map(([code, some]) => `${some} ${code}`);
    const error: PlainError = {
      code: 'MESSAGE_DELIVERY_FAILED',
      message: `Of the messages sent at once, ${count} more were refused: ${list.join(', ')}. Send fewer at a time.`,
      details: { refused: count, codes },
    };
    const sent = { ...emptyMessage('inform'), sender: agent.id, hops: refusedHops };
    this.#parts.router.reportFailure(agent.id, sent, error, 'refusal');
  }

  #failed(instance: Instance, source: Buffer, offset: number, trapped: boolean): void {
    const { agent } = instance;
    const at = offset + DONE_HEADER_BYTES;
    const error = JSON.parse(source.toString('utf8', at, at + this.#done.errorBytes)) as PlainError;
    if (trapped) this.#parts.trapped(instance, error);
    const handled = at + padTo8(this.#done.errorBytes);
    if (source[handled] === FRAME_DELIVER) {
      const message = decodeMessage(source, handled + FRAME_HEADER_BYTES);
      this.#parts.router.fail(agent, message, error, this.#done.mark);
      return;
    }
    // A timer has no sender that could be told; its agent's log is where to look.
    this.#parts.counters.failure(error.code);
    agent.figures.error(error.code, error.message);
    this.#log(agent, LOG_ERROR, `a timer failed: ${error.message}`);
  }

  #send(instance: Instance, source: Buffer, body: number): void {
    const { backlog } = this.#parts;
    // Others wait only when a dead worker's ring is emptied.
    if (backlog.empty && this.#trySend(instance, source, body, this.#view, false)) return;
    const message = Buffer.from(source.subarray(body, body + encodedBytes(source, body)));
    const { receiver } = decodeMessage(message, 0, false);
    const group = receiver.startsWith(BROADCAST) ? receiver.slice(BROADCAST.length) : undefined;
    const receivers = group === undefined ? [] : this.#othersWith(instance, group);
    // To all at once there may never be room; to one after the other there is.
    if (receivers.length > 0) this.#sendToEach(instance, decodeMessage(message), receivers);
    else this.#sendLater(instance, message);
  }

  #sendLater(instance: Instance, message: Buffer): void {
    const view = new DataView(message.buffer, message.byteOffset, message.length);
    this.#parts.backlog.push((last) => this.#trySend(instance, message, 0, view, last));
  }

  /** @returns false when it has to be tried again; then nothing was sent */
  #trySend(
    instance: Instance,
    source: Buffer,
    offset: number,
    view: DataView,
    last: boolean,
  ): boolean {
    try {
      this.#parts.router.acceptEncoded(source, offset, view);
    } catch (refusal) {
      if (!(refusal instanceof CaxtonError)) throw refusal;
      if (!last && isHistoryBehind(refusal)) return false;
      this.#undeliverable(instance, decodeMessage(source, offset), refusal);
    }
    return true;
  }

  /** One copy to each of them, as the history has room; the first has the message's id. */
  #sendToEach(instance: Instance, message: Message, receivers: readonly Agent[]): void {
    let next = 0;
    this.#parts.backlog.push((last) => {
      for (let receiver = receivers[next]; receiver !== undefined; receiver = receivers[++next]) {
        const messageId = next === 0 ? message.messageId : newMessageId();
        const copy = { ...message, receiver: receiver.id, messageId };
        if (!this.#tryCopy(instance, copy, receiver, last)) return false;
      }
      return true;
    });
  }

  #tryCopy(instance: Instance, copy: Message, receiver: Agent, last: boolean): boolean {
    try {
      this.#parts.router.sendToAll(copy, [receiver]);
    } catch (refusal) {
      if (!(refusal instanceof CaxtonError)) throw refusal;
      if (!last && isHistoryBehind(refusal)) return false;
      this.#undeliverable(instance, copy, refusal);
    }
    return true;
  }

  #othersWith({ agent }: Instance, capability: string): Agent[] {
    return this.#parts.directory.providers(capability).filter((other) => other !== agent);
  }

  // Nobody waits for an answer to an agent's send, so its refusal comes back as a message.
  // Beyond the first few of one message they are counted and told together: an agent that floods
  // full mailboxes must not push everybody else's dead letters out.
  #undeliverable(instance: Instance, message: Message, refusal: CaxtonError): void {
    const { router, hopLimit, directory } = this.#parts;
    instance.refusedSends += 1;
    instance.refusedHops = message.hops;
    if (isTooFar(refusal)) hopLimit.ended(message);
    const { code, message: text, details } = refusal;
    if (instance.refusedSends > LIMITS.refused_sends_buried) {
      // A failure that is refused is answered in no way.
      if (message.performative === 'failure') return;
      instance.unreported.set(code, (instance.unreported.get(code) ?? 0) + 1);
      return;
    }
    const error = { code, message: text, details };
    // The letter is the receiver's, whatever its sender called it.
    const receiver = directory.find(message.receiver)?.id ?? message.receiver;
    router.bury({ ...message, receiver }, receiver, error);
    if (hopLimit.isSpent(message.hops)) return;
    const original = { ...message, sender: instance.agent.id, replyTo: '' };
    router.reportFailure(message.receiver, original, error, 'refusal');
  }

  #broadcast(instance: Instance, source: Buffer, offset: number): void {
    const { directory } = this.#parts;
    const filterBytes = uint32At(source, offset + 8);
    const body = offset + FRAME_HEADER_BYTES;
    const filter = JSON.parse(source.toString('utf8', body, body + filterBytes)) as {
      capability?: string;
      agents?: string[];
    };
    const receivers =
      filter.capability === undefined
        ? (filter.agents ?? []).flatMap((name) => directory.find(name) ?? [])
        : this.#othersWith(instance, filter.capability);
    const message = decodeMessage(source, body + padTo8(filterBytes));
    this.#sendToEach(instance, message, [...new Set(receivers)]);
  }

  #bounce(instance: Instance, source: Buffer, offset: number, length: number): void {
    const reason = source[offset + 1];
    const body = offset + FRAME_HEADER_BYTES;
    const frame = Buffer.from(source.subarray(body, offset + length));
    instance.mailbox.pushReturned(frame);
    instance.settling = true;
    if (reason === BOUNCE_RESTARTING) instance.ready = false;
    if (reason === BOUNCE_THROTTLED) this.#pause(instance, uint32At(source, offset + 12));
    this.#parts.delivery.accountFor(instance, frame.length);
    this.#parts.delivery.pump(instance);
  }

  #pause(instance: Instance, pauseMs: number): void {
    clearTimeout(instance.pause);
    instance.pause = setTimeout(() => {
      instance.pause = undefined;
      this.#parts.delivery.pump(instance);
    }, pauseMs);
  }

  #data(instance: Instance, source: Buffer, offset: number): void {
    const { store, replicas } = this.#parts;
    const { agent } = instance;
    const write = doubleAt(source, offset + 16);
    const keyAt = offset + FRAME_HEADER_BYTES;
    const valueAt = keyAt + uint32At(source, offset + 8);
    const key = Buffer.from(source.subarray(keyAt, valueAt));
    if (source[offset] === FRAME_DATA_DELETE) {
      store.deleteAgentData(agent.id, key);
      replicas.wrote(instance, key, undefined, write);
      return;
    }
    const value = Buffer.from(source.subarray(valueAt, valueAt + uint32At(source, offset + 12)));
    store.putAgentData(agent.id, key, value);
    replicas.wrote(instance, key, value, write);
  }

  #log(agent: Agent, level: number, text: string): void {
    agent.logs.push({
      timestampMs: wallMs(),
      level: level === LOG_ERROR ? 'error' : 'info',
      text,
    });
  }
}
