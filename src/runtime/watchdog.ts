import type { Logger } from '../base/log.js';
import type { WorkerPool } from '../pool/worker-pool.js';
import type { Recovery } from './recovery.js';
import type { Residents } from './residents.js';

const CHECK_MS = 100;
// Installing has no agent's limit yet; its fuel bounds it. This is for what fuel doesn't see.
const GRACE_MS = 100;

/**
 * The wall-clock backstop: fuel ends every loop of a guest, so a message that outlasts its agent's
 * `max_message_ms` hangs somewhere fuel doesn't reach, or was given very much fuel. Its worker is
 * replaced; the other agents on it are started again.
 */
export class Watchdog {
  readonly #pool: WorkerPool;
  readonly #residents: Residents;
  readonly #recovery: Recovery;
  readonly #logger: Logger;
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
      if (channel.dead) continue;
      const { slot, ms } = channel.busy();
      const agent = ms === 0 ? undefined : this.#residents.at(channel, slot);
      if (agent === undefined) continue;
      const limitMs = agent.identity.config.maxMessageMs;
      if (ms <= limitMs + GRACE_MS) continue;
      this.#logger.warn({ agent_id: agent.id, busy_ms: ms }, 'message outlasted max_message_ms');
      this.#recovery.willKill(channel, {
        code: 'RESOURCE_LIMIT_EXCEEDED',
        message: `The agent took longer than ${limitMs} ms for one message.`,
        details: { resource: 'time', limit: limitMs },
      });
      this.#pool.kill(channel);
    }
  }
}
