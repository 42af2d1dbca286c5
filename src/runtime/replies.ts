import { wallMs } from '../base/clock.js';
import { CaxtonError, type PlainError } from '../base/errors.js';
import { newMessageId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import { decodeMessage, encodedBytes } from '../fipa/binary.js';
import type { Message } from '../fipa/message.js';
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
import type { Agent } from './agent.js';
import type { AgentSubscriptions } from './agent-subscriptions.js';
import type { AgentTimers } from './agent-timers.js';
import type { Counters } from './counters.js';
import type { Delivery } from './delivery.js';
import type { Directory } from './directory.js';
import type { Residents } from './residents.js';
import type { Router } from './router.js';

export interface RepliesParts {
  readonly counters: Counters;
  readonly delivery: Delivery;
  readonly directory: Directory;
  readonly logger: Logger;
  readonly residents: Residents;
  readonly router: Router;
  readonly store: Store;
  readonly subscriptions: AgentSubscriptions;
  readonly timers: AgentTimers;
  /** The agent has no usable instance any more. */
  readonly trapped: (agent: Agent, error: PlainError) => void;
}

// Room in the history that must be there before an agent's message is taken from its ring.
const ROOM_NEEDED_BYTES = 256 * 1024;

/** Reads what workers publish and makes it happen: messages, stored data, timers, ends of messages. */
export class Replies implements ReplySink {
  readonly #parts: RepliesParts;
  readonly #done = emptyDoneFrame();

  constructor(parts: RepliesParts) {
    this.#parts = parts;
  }

  /** While the history is behind, agents' messages stay in the rings and slow their agents down. */
  ready(): boolean {
    return this.#parts.store.hasRoom(ROOM_NEEDED_BYTES);
  }

  frame(channel: WorkerChannel, source: Buffer, offset: number, length: number): void {
    const agent = this.#parts.residents.at(channel, source.readUInt32LE(offset + 4));
    if (agent === undefined) return;
    try {
      this.#handle(agent, source, offset, length);
    } catch (error) {
      // One frame that can't be digested must not stop those behind it.
      this.#parts.logger.error({ err: error, agent_id: agent.id }, 'a reply could not be handled');
    }
  }

  #handle(agent: Agent, source: Buffer, offset: number, length: number): void {
    const body = offset + FRAME_HEADER_BYTES;
    switch (source[offset]) {
      case FRAME_DONE:
        this.#finish(agent, source, offset);
        break;
      case FRAME_SEND:
        this.#send(agent, source, body);
        break;
      case FRAME_BOUNCE:
        this.#bounce(agent, source, offset, length);
        break;
      case FRAME_DATA_PUT:
      case FRAME_DATA_DELETE:
        this.#data(agent, source, offset);
        break;
      case FRAME_BROADCAST:
        this.#broadcast(agent, source, offset);
        break;
      case FRAME_TIMER_SET:
        this.#parts.timers.set(
          agent,
          source.readUInt32LE(offset + 8),
          source.readDoubleLE(offset + 16),
        );
        break;
      case FRAME_TIMER_CANCEL:
        this.#parts.timers.cancel(agent, source.readUInt32LE(offset + 8));
        break;
      default:
        this.#handleText(agent, source, offset);
    }
  }

  // Frames whose body is one text.
  #handleText(agent: Agent, source: Buffer, offset: number): void {
    const body = offset + FRAME_HEADER_BYTES;
    const text = source.toString('utf8', body, body + source.readUInt32LE(offset + 8));
    switch (source[offset]) {
      case FRAME_LOG:
        this.#log(agent, source[offset + 1] as number, text);
        break;
      case FRAME_CAPABILITY:
        this.#parts.directory.addCapability(agent, text);
        break;
      case FRAME_SUBSCRIBE:
        this.#parts.subscriptions.add(agent, text, (name) => this.#idOf(name));
        break;
      default:
        throw new CaxtonError('INTERNAL_ERROR', `Unknown frame kind ${source[offset]}`);
    }
  }

  #idOf(name: string): string {
    return this.#parts.directory.find(name)?.id ?? name;
  }

  #finish(agent: Agent, source: Buffer, offset: number): void {
    const { counters, delivery } = this.#parts;
    const done = this.#done;
    readDoneHeader(source, offset, done);
    const ok = done.outcome === OUTCOME_OK;
    agent.figures.handled(ok, done.handlingUs, done.fuelUsed, done.memoryBytes);
    agent.window.observe(done.handlingUs);
    counters.fuelUsed += done.fuelUsed;
    if (ok) counters.processed += 1;
    if (done.pauseMs > 0) this.#pause(agent, done.pauseMs);
    if (agent.refusedSends > 0) this.#slowDown(agent);
    if (done.outcome === OUTCOME_TRAPPED) {
      agent.ready = false;
      agent.settling = true;
    }
    delivery.accountFor(agent, done.frameBytes);
    // Last, and after the books are right: telling others of a failure may itself be refused.
    if (!ok) this.#failed(agent, source, offset, done.outcome === OUTCOME_TRAPPED);
    delivery.pump(agent);
    delivery.pumpStarved();
  }

  // Backpressure for agents: who writes to full mailboxes is made to wait.
  #slowDown(agent: Agent): void {
    const refused = agent.refusedSends;
    agent.refusedSends = 0;
    this.#pause(
      agent,
      Math.min(refused * LIMITS.refused_send_pause_ms, LIMITS.refused_send_pause_max_ms),
    );
    if (refused <= LIMITS.refused_sends_buried) return;
    this.#log(agent, LOG_ERROR, `${refused} messages that it sent at once were refused`);
  }

  #failed(agent: Agent, source: Buffer, offset: number, trapped: boolean): void {
    const at = offset + DONE_HEADER_BYTES;
    const error = JSON.parse(source.toString('utf8', at, at + this.#done.errorBytes)) as PlainError;
    if (trapped) this.#parts.trapped(agent, error);
    const handled = at + padTo8(this.#done.errorBytes);
    if (source[handled] === FRAME_DELIVER) {
      this.#parts.router.fail(agent, decodeMessage(source, handled + FRAME_HEADER_BYTES), error);
      return;
    }
    // A timer has no sender that could be told; its agent's log is where to look.
    this.#parts.counters.failure(error.code);
    agent.figures.error(error.code, error.message);
    this.#log(agent, LOG_ERROR, `a timer failed: ${error.message}`);
  }

  #send(agent: Agent, source: Buffer, body: number): void {
    const { router } = this.#parts;
    try {
      router.acceptEncoded(source, body, encodedBytes(source, body));
    } catch (refusal) {
      if (!(refusal instanceof CaxtonError)) throw refusal;
      this.#undeliverable(agent, decodeMessage(source, body), refusal);
    }
  }

  // Nobody waits for an answer to an agent's send, so its refusal comes back as a message.
  // Beyond the first few of one message they are counted and told in its log: an agent that floods
  // full mailboxes must not push everybody else's dead letters out.
  #undeliverable(agent: Agent, message: Message, refusal: CaxtonError): void {
    const { router } = this.#parts;
    agent.refusedSends += 1;
    if (agent.refusedSends > LIMITS.refused_sends_buried) return;
    const { code, message: text, details } = refusal;
    const error = { code, message: text, details };
    router.bury(message, message.receiver, error);
    const original = { ...message, sender: agent.id, replyTo: '' };
    router.reportFailure(message.receiver, original, error, 'refusal');
  }

  #broadcast(agent: Agent, source: Buffer, offset: number): void {
    const { directory, router } = this.#parts;
    const filterBytes = source.readUInt32LE(offset + 8);
    const body = offset + FRAME_HEADER_BYTES;
    const filter = JSON.parse(source.toString('utf8', body, body + filterBytes)) as {
      capability?: string;
      agents?: string[];
    };
    const receivers =
      filter.capability === undefined
        ? (filter.agents ?? []).flatMap((name) => directory.find(name) ?? [])
        : directory.providers(filter.capability).filter((other) => other !== agent);
    const message = decodeMessage(source, body + padTo8(filterBytes));
    let { messageId } = message;
    for (const receiver of new Set(receivers)) {
      const copy = { ...message, receiver: receiver.id, messageId };
      messageId = newMessageId();
      try {
        router.sendToAll(copy, [receiver]);
      } catch (refusal) {
        if (!(refusal instanceof CaxtonError)) throw refusal;
        this.#undeliverable(agent, copy, refusal);
      }
    }
  }

  #bounce(agent: Agent, source: Buffer, offset: number, length: number): void {
    const reason = source[offset + 1];
    const body = offset + FRAME_HEADER_BYTES;
    const frame = Buffer.from(source.subarray(body, offset + length));
    agent.mailbox.pushReturned(frame);
    agent.settling = true;
    if (reason === BOUNCE_RESTARTING) agent.ready = false;
    if (reason === BOUNCE_THROTTLED) this.#pause(agent, source.readUInt32LE(offset + 12));
    this.#parts.delivery.accountFor(agent, frame.length);
    this.#parts.delivery.pump(agent);
  }

  #pause(agent: Agent, pauseMs: number): void {
    clearTimeout(agent.pause);
    agent.pause = setTimeout(() => {
      agent.pause = undefined;
      this.#parts.delivery.pump(agent);
    }, pauseMs);
  }

  #data(agent: Agent, source: Buffer, offset: number): void {
    const keyAt = offset + FRAME_HEADER_BYTES;
    const valueAt = keyAt + source.readUInt32LE(offset + 8);
    const key = Buffer.from(source.subarray(keyAt, valueAt));
    if (source[offset] === FRAME_DATA_DELETE) {
      this.#parts.store.deleteAgentData(agent.id, key);
      return;
    }
    const value = Buffer.from(source.subarray(valueAt, valueAt + source.readUInt32LE(offset + 12)));
    this.#parts.store.putAgentData(agent.id, key, value);
  }

  #log(agent: Agent, level: number, text: string): void {
    agent.logs.push({
      timestampMs: wallMs(),
      level: level === LOG_ERROR ? 'error' : 'info',
      text,
    });
  }
}
