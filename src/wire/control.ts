import type { PlainError } from '../base/errors.js';

/**
 * Control verbs between the main thread and a worker. They go by MessagePort, since a compiled
 * WebAssembly.Module can't be put into a ring; no message of an agent ever does.
 * A sender of a verb also interrupts the worker's wait on its request ring.
 */

/** What the long-running task of a worker thread starts with. */
export interface WorkerStart {
  readonly workerIndex: number;
  readonly generation: number;
  readonly requestRing: SharedArrayBuffer;
  readonly replyRing: SharedArrayBuffer;
  readonly status: SharedArrayBuffer;
  readonly port: import('node:worker_threads').MessagePort;
  readonly contentBytes: number;
  /** Most that the agents of the worker may have stored together. */
  readonly dataBytes: number;
}

/** At most so much of one core, for all instances of the agent together. */
export interface CpuShareGrant {
  /** Thousandths of one core. */
  readonly millis: number;
  /** Shared by all of them: until when what they did is paid for, monotonic µs. */
  readonly account: BigInt64Array<SharedArrayBuffer>;
}

/** Everything a worker must know to run one agent. */
export interface AgentInstall {
  /** Number of this agent on this worker; never used twice within one generation. */
  readonly slot: number;
  readonly agentId: string;
  readonly name: string;
  readonly module: WebAssembly.Module;
  /** The start section, exported by the metering rewriter, has to be called first. */
  readonly hasStart: boolean;
  readonly fuelPerMessage: number;
  readonly memoryMaxBytes: number;
  readonly cpuShare?: CpuShareGrant | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** The agent's stored data: pairs of key and value. */
  readonly data: ReadonlyArray<readonly [Uint8Array, Uint8Array]>;
  /** Other workers run instances of the agent too, or may soon. */
  readonly sharesData: boolean;
  /** Given to the first instance of a new version. */
  readonly migration?: Migration | undefined;
  /** Timers that are still to come due: their ids must not be given out again. */
  readonly nextTimerId: number;
  /** Wall clock of the installation, µs: what agent_init sees as the time. */
  readonly timestampUs: number;
}

/** Between which versions an agent's stored data is to be rewritten. */
export interface Migration {
  readonly from: string;
  readonly to: string;
}

/** What happened to an agent's data elsewhere, or that changes made here are in the order of all. */
export type DataUpdate =
  | {
      readonly agentId: string;
      readonly key: Uint8Array;
      /** Undefined = deleted. */
      readonly value: Uint8Array | undefined;
    }
  | { readonly agentId: string; readonly confirmed: number };

export type ControlRequest =
  | { readonly verb: 'install'; readonly call: number; readonly agent: AgentInstall }
  /** A fresh instance in place of one that trapped; the data in the worker's memory stays. */
  | {
      readonly verb: 'restart';
      readonly call: number;
      readonly slot: number;
      readonly timestampUs: number;
    }
  | {
      readonly verb: 'remove';
      readonly call: number;
      readonly slot: number;
      readonly shutdown: boolean;
      readonly timestampUs: number;
    }
  /** From now on other workers have the agent's data too. */
  | { readonly verb: 'share_data'; readonly call: number; readonly agentId: string }
  | { readonly verb: 'data'; readonly updates: readonly DataUpdate[] }
  | { readonly verb: 'directory'; readonly changes: readonly DirectoryChange[] }
  | { readonly verb: 'report'; readonly call: number }
  | { readonly verb: 'exit' };

/** Replicates who exists and who offers what, so that broadcast_message can answer at once. */
export type DirectoryChange =
  | {
      readonly change: 'agent';
      readonly agentId: string;
      readonly name: string;
      readonly present: boolean;
    }
  | {
      readonly change: 'capability';
      readonly agentId: string;
      readonly capability: string;
      readonly present: boolean;
    };

export type ControlReply =
  | { readonly verb: 'ready'; readonly threadId: number }
  | {
      readonly verb: 'answer';
      readonly call: number;
      readonly error?: PlainError;
      readonly value?: InstallResult;
    }
  | { readonly verb: 'report'; readonly call: number; readonly report: WorkerReport };

export interface InstallResult {
  readonly fuelUsed: number;
  readonly memoryBytes: number;
  readonly durationUs: number;
}

/** What a worker measured since its last report. Histograms are in the encoding of src/metrics. */
export interface WorkerReport {
  readonly queueWait: Uint8Array;
  readonly handling: Uint8Array;
  readonly endToEnd: Uint8Array;
}

/** Rung by the worker when the main thread sleeps and the reply ring has frames. */
export const DOORBELL = 0;
