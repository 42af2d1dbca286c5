import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { monotonicMs } from '../../base/clock.js';
import { LIMITS } from '../../base/limits.js';
import { packageFile } from '../../base/package-file.js';
import type { Connection } from '../connection.js';
import { ApiError, UnreachableError } from '../failures.js';
import { readBytes } from '../option-values.js';

const POLL_MS = 100;

/** Echo agents that are there for one benchmark. */
export class SampleAgents {
  readonly #connection: Connection;
  readonly #mark = randomBytes(4).toString('hex');
  /** Those that may be there. */
  readonly #names = new Set<string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get names(): readonly string[] {
    return [...this.#names];
  }

  /** @throws ApiError, UnreachableError, or the reason of the signal */
  async deploy(count: number, signal: AbortSignal): Promise<void> {
    const wasmModule = readBytes(packageFile('dist', 'agents', 'echo.wasm'));
    for (let number = 1; number <= count; number++) {
      signal.throwIfAborted();
      const name = `bench-echo-${this.#mark}-${number}`;
      // Known before it is there, so that one whose deploy was not answered is removed too.
      this.#names.add(name);
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
        if (!isNotThere(error)) this.#tellLeft(name, reasonOf(error));
      }
      this.#names.delete(name);
    }
  }

  /** Tells which are left when the process ends before they are removed. */
  tellLeft(): void {
    for (const name of this.#names) this.#tellLeft(name, 'stopped before that');
  }

  #tellLeft(name: string, reason: string): void {
    process.stderr.write(
      `${name} was not removed: ${reason}. To remove it: caxton agent remove ${name}\n`,
    );
  }

  async #isDraining(name: string): Promise<boolean> {
    const { value } = await this.#connection.ask((client) => client.getAgent(name));
    return value.status === 'draining';
  }
}

function isNotThere(error: unknown): boolean {
  return error instanceof ApiError && error.fields.code === 'AGENT_NOT_FOUND';
}

/** An end without a full stop. What else a lost server's error advises is no help at the end. */
function reasonOf(error: unknown): string {
  if (error instanceof UnreachableError) return 'the server does not answer any more';
  return (error as Error).message.replace(/\.$/, '');
}
