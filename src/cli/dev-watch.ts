import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { AgentConfig } from '@caxton/sdk';
import { rfc3339 } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import type { Connection } from './connection.js';
import { DevAgent } from './dev-agent.js';
import { reportFailure, UnreachableError } from './failures.js';
import { fileVersions } from './file-versions.js';
import { LogFollower } from './log-follower.js';
import { logLine } from './log-line.js';
import type { Output } from './output.js';
import { StopSignals } from './stop-signals.js';

export interface DevWatchOptions {
  readonly file: string;
  readonly config: AgentConfig;
  /** Whether the agent is removed at the end. */
  readonly remove: boolean;
}

/** Keeps an agent at the newest content of a file, until the user interrupts it. */
export class DevWatch {
  readonly #connection: Connection;
  readonly #output: Output;
  readonly #options: DevWatchOptions;
  readonly #agent: DevAgent;
  readonly #logs: LogFollower;

  constructor(connection: Connection, output: Output, options: DevWatchOptions) {
    this.#connection = connection;
    this.#output = output;
    this.#options = options;
    this.#agent = new DevAgent(connection, options.config);
    this.#logs = new LogFollower(connection, options.config.name, (line) => {
      output.print(JSON.stringify({ type: 'log', ...line }), () => logLine(line));
    });
  }

  /** @throws UnreachableError when no server answers at the beginning */
  async run(): Promise<void> {
    const { file, remove } = this.#options;
    await this.#connection.ask((client) => client.systemStatus());
    await this.#logs.skip();
    const stop = new StopSignals();
    const { signal } = stop;
    if (!existsSync(file)) note(`${file} is not there yet: waiting for it`);
    note(`watching ${file}; stop with Ctrl-C`);
    const following = this.#followLogs(signal);
    try {
      for await (const module of fileVersions(file, signal)) await this.#bring(module, signal);
    } finally {
      stop.dispose();
    }
    await following;
    if (remove && this.#agent.version !== undefined) {
      await this.#agent.remove();
      note(`${this.#agent.name} is removed`);
    }
  }

  /** Brings a module to the agent; while no server answers, it tries again. */
  async #bring(module: Uint8Array, signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const version = await this.#agent.put(module);
        this.#tellRunning(version, Math.round(performance.now() - startedMs));
        await this.#logs.tell();
        return;
      } catch (error) {
        const isAway = error instanceof UnreachableError;
        if (!isAway || attempt === 0) this.#tellFailure(error);
        if (!isAway) return;
        await pause(LIMITS.watch_retry_ms, signal);
      }
    }
  }

  #tellRunning(version: string, duration_ms: number): void {
    const { name } = this.#agent;
    const facts = { type: 'running', timestamp: rfc3339(Date.now()), name, version, duration_ms };
    this.#output.print(
      JSON.stringify(facts),
      () => `${facts.timestamp} ${name} ${version} runs, after ${duration_ms} ms`,
    );
  }

  #tellFailure(error: unknown): void {
    reportFailure(error, this.#output.format);
    const { name, version } = this.#agent;
    if (version !== undefined && !(error instanceof UnreachableError)) {
      note(`${name} ${version} goes on`);
    }
  }

  async #followLogs(signal: AbortSignal): Promise<void> {
    while (await pause(LIMITS.watch_logs_ms, signal)) await this.#logs.tell();
  }
}

/** @returns false when the signal was aborted */
function pause(delay_ms: number, signal: AbortSignal): Promise<boolean> {
  return setTimeout(delay_ms, true, { signal }).catch(() => false);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
