import { agentNotFound, type CaxtonError, type PlainError, toPlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import { decodeMessage, isEncodedMessage } from '../fipa/binary.js';
import type { AgentRecord, PendingMessage, Store } from '../store/store.js';
import { notRunning } from './acceptance.js';
import type { Clients } from './clients.js';
import type { Directory } from './directory.js';
import type { Inboxes } from './inboxes.js';
import { Pending } from './pending.js';
import type { Router } from './router.js';

export interface RedeliveryParts {
  readonly clients: Clients;
  readonly directory: Directory;
  readonly inboxes: Inboxes;
  readonly logger: Logger;
  readonly pending: Pending;
  readonly router: Router;
  readonly store: Store;
}

/** Delivers again what the last run of the server left unhandled. */
export class Redelivery {
  readonly #parts: RedeliveryParts;

  constructor(parts: RedeliveryParts) {
    this.#parts = parts;
  }

  /**
   * Puts it into the mailboxes of its agents, in its order. To be called when all agents are known
   * and none runs yet, so that nothing new gets before it.
   */
  async run(): Promise<void> {
    const { logger, pending, router, store } = this.#parts;
    const left = store.pending.all();
    const last = left.at(-1);
    if (last === undefined) return;
    pending.continueAfter(last.number);
    const states = new Map(store.agents().map((record) => [record.agentId, record.desiredState]));
    const wanted = left.filter((message) => this.#admit(states, message));
    // Before it can do harm: what ends the process each time it is handled must not be tried for ever.
    await store.durable().catch((error: CaxtonError) => {
      logger.warn({ err: error }, 'that messages are delivered again can not be written down');
    });
    for (const { number, bytes } of wanted) {
      router.restore(decodeMessage(bytes), bytes, Pending.markOf(number));
    }
    logger.info(
      { messages: wanted.length, dead_letters: left.length - wanted.length },
      'messages that were not handled before the server ended are delivered again',
    );
  }

  #admit(
    states: ReadonlyMap<string, AgentRecord['desiredState']>,
    { number, starts, bytes }: PendingMessage,
  ): boolean {
    const { clients, directory, inboxes, pending, router, store } = this.#parts;
    const mark = Pending.markOf(number);
    if (!isEncodedMessage(bytes, 0, bytes.length)) {
      // There is nobody whom it names: not worth a server that doesn't start.
      this.#parts.logger.error({ number }, 'a message that was kept for its agent is damaged');
      pending.handled(mark);
      return false;
    }
    const message = decodeMessage(bytes);
    const { sender, receiver } = message;
    // Answers find it, as they did when the message was sent.
    if (directory.find(sender) === undefined && !inboxes.has(sender)) clients.see(sender);
    const agent = directory.find(receiver);
    if (agent === undefined) {
      const error = toPlainError(agentNotFound(receiver));
      if (router.bury(message, receiver, error)) {
        router.reportFailure(receiver, message, error);
        pending.handled(mark);
      }
      return false;
    }
    const state = states.get(agent.id) ?? 'running';
    if (state !== 'running') {
      router.fail(agent, message, toPlainError(notRunning(agent.id, state)), mark);
      return false;
    }
    if (starts >= LIMITS.pending_starts) {
      router.fail(agent, message, triedTooOften(starts), mark);
      return false;
    }
    store.pending.put({ number, starts: starts + 1, bytes }, true);
    return true;
  }
}

function triedTooOften(starts: number): PlainError {
  return {
    code: 'MESSAGE_DELIVERY_FAILED',
    message: `The server ended ${starts + 1} times before the message was handled; it is not delivered again by itself.`,
    details: { starts },
  };
}
