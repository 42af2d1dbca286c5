import { wallMs } from '../../base/clock.js';
import { CaxtonError, invalidRequest } from '../../base/errors.js';
import { newTaskId } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { Logger } from '../../base/log.js';
import type { Message } from '../../fipa/message.js';
import type { Store } from '../../store/store.js';
import type { Clients } from '../clients.js';
import type { Directory } from '../directory.js';
import type { EventType } from '../event-types.js';
import type { EventBus } from '../events.js';
import type { Inboxes } from '../inboxes.js';
import { serverStopping } from '../messages.js';
import type { Router } from '../router.js';
import {
  acceptanceOf,
  callFor,
  cancellationOf,
  conversationFor,
  eventOf,
  rejectionOf,
  taskText,
} from './contract-net.js';
import type { TaskCommand, TaskEvent } from './events.js';
import { Participants } from './participants.js';
import { Performance } from './performance.js';
import type { Strategy } from './strategies.js';
import { deadlineMs, newTask, type Task, type TaskDefinition, type TaskStatus } from './task.js';
import { step } from './task-machine.js';
import { type Entry, type TaskPage, type TaskQuery, TaskTable } from './task-table.js';

export interface TasksParts {
  readonly clients: Clients;
  readonly directory: Directory;
  readonly events: EventBus;
  readonly inboxes: Inboxes;
  readonly logger: Logger;
  readonly router: Router;
  readonly store: Store;
  /** Largest content of a message. */
  readonly contentBytes: number;
}

/** Longer delays don't fit a timer. */
const TIMER_MAX_MS = 2 ** 31 - 1;
/** Room for what an accept-proposal adds to the call for proposals. */
const PROPOSAL_BYTES = 256;

/**
 * Runs contract nets: hands what participants say and what the clock says to the task's state
 * machine, and does what it commands. The server takes part under the task's id.
 */
export class Tasks {
  readonly #parts: TasksParts;
  readonly #performance: Performance;
  readonly #participants: Participants;
  readonly #table: TaskTable;
  /** Messages that came while something else was being done. */
  #arrived: Message[] = [];
  #stopping = false;

  constructor(parts: TasksParts) {
    this.#parts = parts;
    const { store, directory, clients, inboxes } = parts;
    this.#performance = new Performance(store.tasks);
    this.#participants = new Participants(directory, clients, this.#performance);
    this.#table = new TaskTable(store.tasks, (taskId) => inboxes.close(taskId));
  }

  /** Knows the tasks of the store again, so that messages to them have a receiver. */
  restore(): void {
    this.#performance.restore();
    this.#table.restore();
    for (const { task } of this.#table.entries()) this.#listen(task.id);
  }

  /** The agents are there: tasks under way go on. */
  start(): void {
    for (const entry of this.#table.entries()) this.#apply(entry, { type: 'restart' });
  }

  /**
   * The server stops. Results of what agents still finish are taken; nothing is awarded any more,
   * so that what agents fail because of the stop is not held against them.
   */
  stop(): void {
    this.#stopping = true;
    for (const entry of this.#table.entries()) {
      clearTimeout(entry.timer);
      entry.distributor?.reject(stoppedBeforeAward(entry.task));
      entry.distributor = undefined;
    }
  }

  /** @throws CaxtonError INVALID_REQUEST, RESOURCE_LIMIT_EXCEEDED, UNAVAILABLE */
  async create(definition: TaskDefinition): Promise<Task> {
    this.#checkRunning();
    const task = newTask(newTaskId(), definition, wallMs());
    const bytes = Buffer.byteLength(taskText(task), 'utf8') + PROPOSAL_BYTES;
    if (bytes > this.#parts.contentBytes) {
      throw invalidRequest(
        `The task takes ${bytes} bytes as the content of a message; the limit is ${this.#parts.contentBytes}. Send less data, or raise limits.content_bytes.`,
        'data',
        { limit_bytes: this.#parts.contentBytes },
      );
    }
    this.#table.add(task);
    this.#listen(task.id);
    try {
      await this.#parts.store.durable();
    } catch (error) {
      this.#table.forget(task.id);
      throw error;
    }
    this.#publish('task.created', task, { name: definition.name });
    return task;
  }

  /**
   * Holds the contract net, and answers when the task is awarded.
   * @throws CaxtonError NOT_FOUND; CONFLICT when the task isn't `created` or is cancelled meanwhile;
   *   AGENT_NOT_FOUND when there is nobody to ask; TIMEOUT or UNAVAILABLE when nobody bids
   */
  async distribute(taskId: string, strategy: Strategy, maxWaitMs: number): Promise<Task> {
    this.#checkRunning();
    const entry = this.#table.get(taskId);
    if (entry.task.status !== 'created') throw wrongState(entry.task, 'distributed');
    const participants = this.#participants.of(entry.task);
    checkCalls(entry.task, participants.length);
    const awarded = new Promise<Task>((resolve, reject) => {
      entry.distributor = { resolve, reject };
    });
    const bidsUntilMs = wallMs() + maxWaitMs;
    this.#apply(entry, { type: 'distribute', strategy, participants, bidsUntilMs });
    const task = await awarded;
    await this.#parts.store.durable();
    return task;
  }

  countByStatus(): Record<TaskStatus, number> {
    return this.#table.countByStatus();
  }

  /** @throws CaxtonError NOT_FOUND */
  get(taskId: string): Task {
    return this.#table.get(taskId).task;
  }

  list(query: TaskQuery): TaskPage {
    return this.#table.page(query);
  }

  /** Cancelling once more changes nothing. @throws CaxtonError NOT_FOUND, CONFLICT when it ended */
  async cancel(taskId: string, reason: string): Promise<Task> {
    this.#checkRunning();
    const entry = this.#table.get(taskId);
    const { status } = entry.task;
    if (status === 'completed' || status === 'failed') throw wrongState(entry.task, 'cancelled');
    if (status !== 'cancelled') this.#apply(entry, { type: 'cancel', reason });
    const { task } = entry;
    await this.#parts.store.durable();
    return task;
  }

  #checkRunning(): void {
    if (this.#stopping) throw serverStopping();
  }

  #listen(taskId: string): void {
    this.#parts.inboxes.open(taskId, {
      take: (message) => {
        // Not at once: the router is in the midst of accepting this message.
        if (this.#arrived.length === 0) queueMicrotask(() => this.#readArrived());
        this.#arrived.push(message);
      },
      conversationFor: (message) => conversationFor(this.#table.get(taskId).task, message),
    });
  }

  #readArrived(): void {
    const messages = this.#arrived;
    this.#arrived = [];
    for (const message of messages) {
      const entry = this.#table.find(message.receiver);
      if (entry === undefined) continue;
      try {
        this.#read(entry, message);
      } catch (error) {
        const { logger } = this.#parts;
        logger.error({ err: error, task_id: entry.task.id }, 'a task could not take a message');
      }
    }
  }

  #read(entry: Entry, message: Message): void {
    const event = eventOf(entry.task, message);
    if (typeof event === 'string') {
      this.#ignore(entry.task, event, message);
    } else if (!this.#stopping || event.type === 'done' || event.type === 'progress') {
      this.#apply(entry, event, message);
    }
  }

  /** @param message what the event was read from */
  #apply(entry: Entry, event: TaskEvent, message?: Message): void {
    const before = entry.task;
    const events = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      const { lastAwardOf } = this.#performance;
      const context = { nowMs: wallMs(), lastAwardOf: lastAwardOf.bind(this.#performance) };
      const { task, commands } = step(entry.task, next, context);
      entry.task = task;
      const content = next.type === 'distribute' ? taskText(task) : '';
      for (const command of commands) {
        const outcome = this.#run(entry, command, content, message);
        if (outcome !== undefined) events.push(outcome);
      }
    }
    // Bids are not stored: a distribution under way is asked for again after a restart.
    const bidding = before.status === 'distributing' && entry.task.status === 'distributing';
    if (entry.task !== before && !bidding) this.#store(entry.task, () => this.#table.save(entry));
    this.#arm(entry);
  }

  /** @returns what came of it, where the machine has to know */
  #run(
    entry: Entry,
    command: TaskCommand,
    content: string,
    message: Message | undefined,
  ): TaskEvent | undefined {
    const { task } = entry;
    switch (command.type) {
      case 'call':
        return this.#deliver(callFor(task, command.to, content));
      case 'accept':
        return this.#deliver(acceptanceOf(task, command.bid, wallMs())) ?? { type: 'delivered' };
      case 'reject':
        this.#deliver(rejectionOf(task, command.to, command.replyWith, command.reason));
        return undefined;
      case 'cancel':
        this.#deliver(cancellationOf(task, command));
        return undefined;
      case 'publish':
        this.#publish(command.event, task, command.body);
        return undefined;
      case 'took_turn':
        this.#store(task, () => this.#performance.tookTurn(command.agentId));
        return undefined;
      case 'count':
        this.#store(task, () => this.#performance.count(command.agentId, command.completed));
        return undefined;
      case 'answer':
        entry.distributor?.resolve(task);
        entry.distributor = undefined;
        return undefined;
      case 'deny':
        entry.distributor?.reject(
          new CaxtonError(command.code, command.message, { task_id: task.id, ...command.details }),
        );
        entry.distributor = undefined;
        return undefined;
      case 'ignore':
        if (message !== undefined) this.#ignore(task, command.reason, message);
        return undefined;
    }
  }

  /** @returns undefined when the message is in the receiver's mailbox */
  #deliver(message: Message): TaskEvent | undefined {
    try {
      this.#parts.router.accept(message);
      return undefined;
    } catch (refusal) {
      if (!(refusal instanceof CaxtonError)) throw refusal;
      return { type: 'undeliverable', to: message.receiver, reason: refusal.message };
    }
  }

  #publish(event: EventType, task: Task, body: Record<string, unknown>): void {
    this.#parts.events.publish(event, { task_id: task.id, ...body });
  }

  #ignore(task: Task, reason: string, message: Message): void {
    this.#publish('task.message_ignored', task, {
      agent_id: message.sender,
      message_id: message.messageId,
      performative: message.performative,
      reason,
    });
  }

  // What the store can't take now is told: the task goes on, and its next step stores it again.
  #store(task: Task, write: () => void): void {
    try {
      write();
    } catch (refusal) {
      if (!(refusal instanceof CaxtonError)) throw refusal;
      const { logger } = this.#parts;
      logger.error({ err: refusal, task_id: task.id }, 'a task could not be stored');
      this.#publishAlert(task, refusal);
    }
  }

  #publishAlert(task: Task, refusal: CaxtonError): void {
    this.#parts.events.publish('system.alert', {
      severity: 'critical',
      message: 'A task could not be stored',
      details: { task_id: task.id, reason: refusal.message },
    });
  }

  /** Looks again when something is due. A timer may fire a little early; it is then set once more. */
  #arm(entry: Entry): void {
    clearTimeout(entry.timer);
    entry.timer = undefined;
    const dueMs = deadlineMs(entry.task);
    if (dueMs === 0 || this.#stopping) return;
    const delayMs = Math.min(Math.max(dueMs - wallMs(), 1), TIMER_MAX_MS);
    entry.timer = setTimeout(() => this.#apply(entry, { type: 'clock' }), delayMs);
  }
}

function checkCalls(task: Task, participants: number): void {
  const bytes = Buffer.byteLength(taskText(task), 'utf8');
  if (bytes * participants <= LIMITS.task_calls_bytes) return;
  throw new CaxtonError(
    'RESOURCE_LIMIT_EXCEEDED',
    `Task '${task.id}' would take ${bytes} bytes for each of ${participants} participants; the limit for all together is ${LIMITS.task_calls_bytes}. Create it with less data, or with fewer participants.`,
    { resource: 'task_calls_bytes', limit_bytes: LIMITS.task_calls_bytes, participants },
  );
}

function stoppedBeforeAward({ id }: Task): CaxtonError {
  return new CaxtonError(
    'UNAVAILABLE',
    `The server stops before task '${id}' is awarded. It can be distributed again when the server is back.`,
    { task_id: id },
  );
}

function wrongState(task: Task, wanted: string): CaxtonError {
  return new CaxtonError(
    'CONFLICT',
    `Task '${task.id}' is ${task.status} and can't be ${wanted}.`,
    {
      task_id: task.id,
      status: task.status,
    },
  );
}
