import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { monotonicMs } from '../../base/clock.js';
import { LIMITS } from '../../base/limits.js';
import { packageFile } from '../../base/package-file.js';
import type { Connection } from '../connection.js';
import { readBytes } from '../option-values.js';

const POLL_MS = 100;

/** Echo agents that are there for one benchmark. */
export class SampleAgents {
  readonly #connection: Connection;
  readonly #mark = randomBytes(4).toString('hex');
  readonly #names: string[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get names(): readonly string[] {
    return this.#names;
  }

  /** @throws ApiError, UnreachableError, or the reason of the signal */
  async deploy(count: number, signal: AbortSignal): Promise<void> {
    const wasmModule = readBytes(packageFile('dist', 'agents', 'echo.wasm'));
    for (let number = 1; number <= count; number++) {
      signal.throwIfAborted();
      const name = `bench-echo-${this.#mark}-${number}`;
      // Known before it is there, so that one whose deploy was not answered is removed too.
      this.#names.push(name);
      await this.#connection.ask((client) => client.deployAgent({ wasmModule, config: { name } }));
    }
  }

  /** Removes those that are there, once they have handled what they have. */
  async remove(): Promise<void> {
    const before_ms = monotonicMs() + LIMITS.bench_drain_ms;
    for (const name of this.#names) {
      try {
        await this.#connection.ask((client) => client.stopAgent(name));
        while (monotonicMs() < before_ms && (await this.#isDraining(name))) {
          await setTimeout(POLL_MS);
        }
        await this.#connection.ask((client) => client.removeAgent(name));
      } catch (error) {
        if ((error as { fields?: { code: string } }).fields?.code === 'AGENT_NOT_FOUND') continue;
        const reason = (error as Error).message;
        process.stderr.write(`${name} could not be removed: ${reason}\n`);
      }
    }
  }

  async #isDraining(name: string): Promise<boolean> {
    const { value } = await this.#connection.ask((client) => client.getAgent(name));
    return value.status === 'draining';
  }
}
