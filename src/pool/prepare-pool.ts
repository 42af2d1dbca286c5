import { Piscina } from 'piscina';
import { CaxtonError, fromPlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { PreparedModule, PrepareOutcome, PrepareRequest } from '../wire/prepare.js';

/**
 * One thread beside the agents' workers that checks, meters and compiles modules, so that a deploy
 * stalls neither the main thread nor an agent.
 */
export class PreparePool {
  readonly #piscina: Piscina;
  #closing = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#piscina = new Piscina({
      filename: new URL('../worker/prepare-task.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 5_000,
      env: {},
    });
    this.#piscina.on('error', () => undefined);
  }

  /**
   * @throws CaxtonError INVALID_WASM, RESOURCE_LIMIT_EXCEEDED, DEPLOYMENT_FAILED, and UNAVAILABLE
   * when the server stops
   */
  prepare(request: PrepareRequest): Promise<PreparedModule> {
    // One after the other: a module's time begins when those before it are done.
    const prepared = this.#last.then(() => this.#prepare(request));
    this.#last = prepared.catch(() => undefined);
    return prepared;
  }

  async #prepare(request: PrepareRequest): Promise<PreparedModule> {
    let outcome: PrepareOutcome;
    try {
      outcome = await this.#piscina.run(request, {
        signal: AbortSignal.timeout(LIMITS.prepare_timeout_ms),
      });
    } catch (error) {
      if (this.#closing) throw new CaxtonError('UNAVAILABLE', 'The server is stopping.', {}, error);
      throw new CaxtonError(
        'DEPLOYMENT_FAILED',
        `The module could not be compiled within ${LIMITS.prepare_timeout_ms} ms, or its compiler failed.`,
        { limit_ms: LIMITS.prepare_timeout_ms },
        error,
      );
    }
    if ('error' in outcome) throw fromPlainError(outcome.error);
    return outcome;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#piscina.destroy();
  }
}
