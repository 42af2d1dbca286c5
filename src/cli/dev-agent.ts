import { setTimeout } from 'node:timers/promises';
import type { AgentConfig, CaxtonClient, Deployment } from '@caxton/sdk';
import { LIMITS } from '../base/limits.js';
import type { Connection } from './connection.js';
import { ApiError } from './failures.js';

/** The agent that a developer works on. */
export class DevAgent {
  readonly name: string;
  readonly #connection: Connection;
  readonly #config: AgentConfig;
  /** The version that runs, as far as is known. */
  #version: string | undefined;

  constructor(connection: Connection, config: AgentConfig) {
    this.name = config.name;
    this.#connection = connection;
    this.#config = config;
  }

  get version(): string | undefined {
    return this.#version;
  }

  /**
   * Deploys a module, or replaces that of the agent there is.
   * @returns the version that runs now
   * @throws ApiError, UnreachableError; the version from before goes on running
   */
  async put(wasmModule: Uint8Array): Promise<string> {
    this.#version = await this.#put(wasmModule);
    return this.#version;
  }

  async remove(): Promise<void> {
    await this.#ask((client) => client.removeAgent(this.name));
  }

  async #put(wasmModule: Uint8Array): Promise<string> {
    if (this.#version !== undefined) {
      try {
        return await this.#reload(wasmModule);
      } catch (error) {
        // Somebody removed it meanwhile.
        if (!isRefusal(error, 'AGENT_NOT_FOUND')) throw error;
      }
    }
    try {
      const config = this.#config;
      return (await this.#ask((client) => client.deployAgent({ wasmModule, config }))).version;
    } catch (error) {
      if (!isRefusal(error, 'AGENT_ALREADY_EXISTS')) throw error;
      return this.#reload(wasmModule, this.#config.version);
    }
  }

  async #reload(wasmModule: Uint8Array, version?: string): Promise<string> {
    const { resources, environment, capabilities } = this.#config;
    const reload = {
      wasmModule,
      config: { strategy: 'immediate' as const, version, resources, environment, capabilities },
    };
    const begin = () => this.#ask((client) => client.reloadAgent(this.name, reload));
    const { hot_reload_id: id } = await begin().catch(async (error: unknown) => {
      // Only an agent that runs can be reloaded, and what failed is what gets mended.
      if (!isRefusal(error, 'CONFLICT') || !(await this.#restart())) throw error;
      return begin();
    });
    const { status, to_version, reason = `It is ${status}.` } = await this.#end(id);
    if (status === 'completed') return to_version;
    throw new ApiError({
      code: 'DEPLOYMENT_FAILED',
      message: reason,
      details: { deployment_id: id, status },
    });
  }

  /** Starts it when it is stopped or failed. @returns whether it was */
  async #restart(): Promise<boolean> {
    const { status } = await this.#ask((client) => client.getAgent(this.name));
    if (status !== 'stopped' && status !== 'failed') return false;
    await this.#ask((client) => client.startAgent(this.name));
    return true;
  }

  /** Waits for the end of a hot reload. */
  async #end(id: string): Promise<Deployment> {
    for (let pause_ms = LIMITS.watch_poll_ms; ; pause_ms *= 2) {
      const deployment = await this.#ask((client) => client.getDeployment(id));
      if (/^(completed|rolled_back|failed)$/.test(deployment.status)) return deployment;
      await setTimeout(Math.min(pause_ms, LIMITS.watch_reload_ms));
    }
  }

  async #ask<T>(call: (client: CaxtonClient) => Promise<T>): Promise<T> {
    return (await this.#connection.ask(call)).value;
  }
}

function isRefusal(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.fields.code === code;
}
