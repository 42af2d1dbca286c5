import type { AgentData } from './agent-data.js';
import type { AgentTimers } from './agent-timers.js';
import type { CurrentCall } from './current-call.js';
import type { DataBudget } from './data-budget.js';
import type { Directory } from './directory.js';
import type { Effects } from './effects.js';
import type { FuelMeter } from './fuel-meter.js';
import type { GuestEncoder } from './guest-encoding.js';
import type { GuestInput } from './guest-input.js';
import type { GuestMemory } from './guest-memory.js';
import type { PlainSends } from './plain-sends.js';

/** What all agents of a worker share: one call is made at a time. */
export interface WorkerServices {
  readonly call: CurrentCall;
  readonly dataBudget: DataBudget;
  readonly effects: Effects;
  readonly directory: Directory;
  readonly encoder: GuestEncoder;
  readonly input: GuestInput;
  readonly plainSends: PlainSends;
}

/** What belongs to an agent and outlives its instances. */
export interface AgentState {
  readonly agentId: string;
  /** The same in UTF-8. */
  readonly agentIdView: DataView;
  /** The deployment's environment, its values in UTF-8. */
  readonly environment: ReadonlyMap<string, Uint8Array>;
  /** The same as WASI gives it, and the one argument: strings that end with a zero byte. */
  readonly wasiEnvironment: readonly Uint8Array[];
  readonly wasiArguments: readonly Uint8Array[];
  readonly data: AgentData;
  readonly timers: AgentTimers;
  readonly capabilities: Set<string>;
  /** Filters as JSON text. */
  readonly subscriptions: Set<string>;
}

/** What a host call works on. `memory` and `fuel` are there before any guest code runs. */
export interface HostContext {
  readonly services: WorkerServices;
  readonly agent: AgentState;
  memory: GuestMemory;
  fuel: FuelMeter;
  encoding: number;
}

/** Makes one import for one instance. */
export type ImportBinder = (host: HostContext) => WebAssembly.ImportValue;
