import { LIMITS } from '../base/limits.js';
import { FUEL_EXPORT, GROWTH_EXPORT, START_EXPORT } from '../wasm/meter.js';
import type { AgentInstall } from '../wire/control.js';
import {
  allocationRefused,
  type CallFailure,
  failureOfCode,
  failureOfThrown,
  noMemoryForInstance,
  notEncodable,
} from './call-failure.js';
import { FuelMeter } from './fuel-meter.js';
import { ENCODING_JSON, ENCODING_MESSAGE_PACK } from './guest-encoding.js';
import { GuestMemory } from './guest-memory.js';
import type { AgentState, HostContext, WorkerServices } from './host-context.js';
import { bindImports } from './host-imports.js';
import { HostTrap } from './host-trap.js';

/** The exports of the agent ABI, all checked when the module was accepted. */
interface AgentExports {
  readonly memory: WebAssembly.Memory;
  readonly handle_message: (pointer: number, length: number) => number;
  readonly caxton_alloc: (length: number) => number;
  readonly caxton_encoding?: () => number;
  readonly agent_init?: () => number;
  readonly agent_shutdown?: () => void;
  readonly handle_timer?: (id: number) => number;
  readonly migrate_state?: (pointer: number, length: number) => number;
  readonly _initialize?: () => void;
  readonly [START_EXPORT]?: () => void;
  readonly [FUEL_EXPORT]: WebAssembly.Global<'i64'>;
  readonly [GROWTH_EXPORT]?: WebAssembly.Global<'i32'>;
}

/**
 * One instance of an agent. Each call into it runs under a budget of fuel of its own; after a call
 * that failed as trapped, the instance is of no use, since its memory may be in any state.
 */
export class AgentInstance {
  readonly #install: AgentInstall;
  readonly #services: WorkerServices;
  readonly #exports: AgentExports;
  readonly #host: HostContext;
  readonly #memory: GuestMemory;
  readonly #fuel: FuelMeter;

  /** Instantiates the module; no guest code runs yet. @throws what WebAssembly.Instance throws */
  constructor(install: AgentInstall, agent: AgentState, services: WorkerServices) {
    this.#install = install;
    this.#services = services;
    // Memory and fuel come from the instance, which takes the imports: they are set right behind.
    const host = { services, agent, encoding: ENCODING_JSON } as HostContext;
    const instance = new WebAssembly.Instance(install.module, bindImports(install.module, host));
    this.#exports = instance.exports as unknown as AgentExports;
    this.#memory = new GuestMemory(this.#exports.memory);
    this.#fuel = new FuelMeter(this.#exports[FUEL_EXPORT]);
    host.memory = this.#memory;
    host.fuel = this.#fuel;
    this.#host = host;
  }

  /** Bytes of linear memory now; it never shrinks. */
  get memoryBytes(): number {
    return this.#memory.byteLength;
  }

  /** Units of fuel that the last call took. */
  get fuelUsed(): number {
    return this.#fuel.used;
  }

  /** Runs the module's start-up code, all of it under one budget. @returns why it failed, if so */
  start(timestampUs: number): CallFailure | undefined {
    const { fuelPerMessage, agentId } = this.#install;
    const budget = Math.max(fuelPerMessage * LIMITS.init_fuel_messages, LIMITS.init_fuel_min);
    this.#services.call.begin(agentId, 'init', timestampUs);
    this.#begin(budget);
    const exports = this.#exports;
    return (
      this.#step(START_EXPORT, this.#install.hasStart ? exports[START_EXPORT] : undefined) ??
      this.#step('_initialize', exports._initialize) ??
      // Before agent_init, which may send messages in this encoding.
      this.#readEncoding() ??
      this.#migrate() ??
      this.#step('agent_init', exports.agent_init)
    );
  }

  /** Hands over the binary message at `offset`. @returns why it failed, if so */
  handleMessage(source: Buffer, offset: number): CallFailure | undefined {
    const { call, encoder } = this.#services;
    call.beginMessage(this.#install.agentId, source, offset);
    this.#begin(this.#install.fuelPerMessage);
    let length: number;
    try {
      length = encoder.prepare(source, offset, this.#host.encoding);
    } catch (thrown) {
      return notEncodable(thrown);
    }
    let step = 'caxton_alloc';
    try {
      const pointer = this.#exports.caxton_alloc(length) >>> 0;
      if (pointer === 0) return allocationRefused(length, this.#install.memoryMaxBytes);
      if (pointer + length > this.#memory.byteLength) this.#refuseAllocation(pointer, length);
      encoder.write(this.#memory.bytes, this.#memory.view, pointer);
      step = 'handle_message';
      const code = this.#exports.handle_message(pointer, length);
      return code === 0 ? undefined : failureOfCode('handle_message', code);
    } catch (thrown) {
      return failureOfThrown(thrown, this.#fuel, step, 'handle_message');
    }
  }

  /** @param dueUs when the timer came due, µs since the Unix epoch. @returns why it failed, if so */
  handleTimer(id: number, dueUs: number): CallFailure | undefined {
    const { agentId, fuelPerMessage } = this.#install;
    this.#services.call.begin(agentId, `timer ${id} ${dueUs}`, dueUs);
    this.#begin(fuelPerMessage);
    const { handle_timer: handleTimer } = this.#exports;
    if (handleTimer === undefined) return undefined;
    return this.#step('handle_timer', () => handleTimer(id));
  }

  /** The agent's last call. @returns why it failed, if so */
  shutdown(timestampUs: number): CallFailure | undefined {
    this.#services.call.begin(this.#install.agentId, 'shutdown', timestampUs);
    this.#begin(this.#install.fuelPerMessage);
    return this.#step('agent_shutdown', this.#exports.agent_shutdown);
  }

  /** A call begins: it has its whole budget, whatever calls before it took. */
  #begin(fuel: number): void {
    this.#fuel.start(fuel);
    const growth = this.#exports[GROWTH_EXPORT];
    if (growth !== undefined && this.#memory.takeGrown()) {
      growth.value = LIMITS.memory_growth_per_call;
    }
  }

  /** Calls an export that may be absent; a number other than 0 that it returns is a failure. */
  #step(name: string, run: (() => unknown) | undefined): CallFailure | undefined {
    try {
      const result = run?.();
      return typeof result === 'number' && result !== 0 ? failureOfCode(name, result) : undefined;
    } catch (thrown) {
      return failureOfThrown(thrown, this.#fuel, name);
    }
  }

  // Before agent_init, which then finds the data as this version writes it.
  #migrate(): CallFailure | undefined {
    const { migration, memoryMaxBytes } = this.#install;
    const { migrate_state: migrateState } = this.#exports;
    if (migration === undefined || migrateState === undefined) return undefined;
    const { from, to } = migration;
    const text = this.#services.encoder.encodeValue({ from, to }, this.#host.encoding);
    let step = 'caxton_alloc';
    try {
      const pointer = this.#exports.caxton_alloc(text.length) >>> 0;
      if (pointer === 0) return allocationRefused(text.length, memoryMaxBytes);
      if (pointer + text.length > this.#memory.byteLength) {
        this.#refuseAllocation(pointer, text.length);
      }
      this.#memory.bytes.set(text, pointer);
      step = 'migrate_state';
      const code = migrateState(pointer, text.length);
      return code === 0 ? undefined : failureOfCode('migrate_state', code);
    } catch (thrown) {
      return failureOfThrown(thrown, this.#fuel, step, 'migrate_state');
    }
  }

  #readEncoding(): CallFailure | undefined {
    try {
      const encoding = this.#exports.caxton_encoding?.() ?? ENCODING_JSON;
      if (encoding !== ENCODING_JSON && encoding !== ENCODING_MESSAGE_PACK) {
        return failureOfCode('caxton_encoding', encoding, '0 (JSON) or 1 (MessagePack)');
      }
      this.#host.encoding = encoding;
      return undefined;
    } catch (thrown) {
      return failureOfThrown(thrown, this.#fuel, 'caxton_encoding');
    }
  }

  #refuseAllocation(pointer: number, length: number): never {
    throw new HostTrap(
      `it gave ${pointer} for ${length} bytes, outside the memory of ${this.memoryBytes} bytes`,
    );
  }
}

/** Instantiates and starts. @returns the instance and how its start went */
export function startInstance(
  install: AgentInstall,
  agent: AgentState,
  services: WorkerServices,
  timestampUs: number,
): { instance: AgentInstance | undefined; failure: CallFailure | undefined } {
  try {
    const instance = new AgentInstance(install, agent, services);
    return { instance, failure: instance.start(timestampUs) };
  } catch (thrown) {
    const failure = instantiationFailure(thrown, install.memoryMaxBytes);
    if (failure === undefined) throw thrown;
    return { instance: undefined, failure };
  }
}

function instantiationFailure(thrown: unknown, memoryMaxBytes: number): CallFailure | undefined {
  if (thrown instanceof RangeError) return noMemoryForInstance(memoryMaxBytes);
  const ofModule =
    thrown instanceof WebAssembly.LinkError || thrown instanceof WebAssembly.RuntimeError;
  if (!ofModule) return undefined;
  const reason = thrown.message.replace(/^WebAssembly\.Instance\(\):\s*/, '');
  return {
    error: {
      code: 'INVALID_WASM',
      message: `The module can't be instantiated: ${reason}`,
      details: { reason },
    },
    trapped: true,
  };
}
