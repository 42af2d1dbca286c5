import { fromPlainError, type PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import type { Busy, WorkerChannel } from '../pool/worker-channel.js';
import type { WorkerPool } from '../pool/worker-pool.js';
import type { Instance } from './agent.js';
import type { Recovery } from './recovery.js';
import type { Residents } from './residents.js';

const CHECK_MS = 100;
// A message that ends in its last millisecond has the time to say so.
const GRACE_MS = 100;

/**
 * The wall-clock backstop: fuel ends every loop of a guest, so a message that outlasts its agent's
 * `max_message_ms` hangs somewhere fuel doesn't reach, or was given very much fuel. Its worker is
 * replaced; the other agents on it are started again. The same holds for an agent's start and its
 * shutdown.
 */
export class Watchdog {
  readonly #pool: WorkerPool;
  readonly #residents: Residents;
  readonly #recovery: Recovery;
  readonly #logger: Logger;
  /** Their threads end, or will be given up. */
  readonly #killed = new WeakSet<WorkerChannel>();
  #timer: NodeJS.Timeout | undefined;

  constructor(pool: WorkerPool, residents: Residents, recovery: Recovery, logger: Logger) {
    this.#pool = pool;
    this.#residents = residents;
    this.#recovery = recovery;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    for (const channel of this.#pool.channels) {
      if (channel.dead || this.#killed.has(channel)) continue;
      const busy = channel.busy();
      const instance = busy.ms === 0 ? undefined : this.#residents.at(channel, busy.slot);
      if (instance !== undefined) this.#checkInstance(channel, instance, busy);
    }
  }

  #checkInstance(channel: WorkerChannel, instance: Instance, busy: Busy): void {
    const { sequence, slot, ms, inStep } = busy;
    const { agent, config } = instance;
    const { maxMessageMs } = config;
    const limitMs = inStep ? Math.max(maxMessageMs, LIMITS.step_min_ms) : maxMessageMs;
    if (ms <= limitMs + GRACE_MS) return;
    this.#logger.warn({ agent_id: agent.id, busy_ms: ms }, 'agent outlasted max_message_ms');
    const error = outlasted(limitMs, inStep ? 'to start or to shut down' : 'for one message');
    if (inStep) channel.failCalls(slot, fromPlainError(error));
    this.#recovery.willKill(channel, inStep ? 0 : sequence, error);
    this.#killed.add(channel);
    this.#pool.kill(channel);
  }
}

function outlasted(limitMs: number, occasion: string): PlainError {
  return {
    code: 'RESOURCE_LIMIT_EXCEEDED',
    message: `The agent took longer than ${limitMs} ms ${occasion}. Make the work smaller, or deploy it with a larger resources.max_message_ms.`,
    details: { resource: 'time', limit: limitMs },
  };
}
