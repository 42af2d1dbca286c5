import { assert } from '../base/assert.js';
import { monotonicUs } from '../base/clock.js';
import { CaxtonError, fromPlainError } from '../base/errors.js';
import { doubleAt, uint32At } from '../base/little-endian.js';
import type { AgentInstall, DataUpdate, InstallResult } from '../wire/control.js';
import {
  BOUNCE_NO_AGENT,
  BOUNCE_RESTARTING,
  BOUNCE_THROTTLED,
  emptyDoneFrame,
  FRAME_DELIVER,
  FRAME_HEADER_BYTES,
  FRAME_TIMER,
  frameMark,
  OUTCOME_FAILED,
  OUTCOME_OK,
  OUTCOME_TRAPPED,
} from '../wire/frames.js';
import type { StatusBlock } from '../wire/status-block.js';
import { AgentData } from './agent-data.js';
import { type AgentInstance, startInstance } from './agent-instance.js';
import { AgentTimers } from './agent-timers.js';
import type { CallFailure } from './call-failure.js';
import { CpuShare } from './cpu-share.js';
import type { AgentState, WorkerServices } from './host-context.js';
import type { Measurements } from './measurements.js';

interface HostedAgent {
  readonly install: AgentInstall;
  readonly state: AgentState;
  readonly share: CpuShare | undefined;
  /** Undefined from a trap until the restart that the main thread orders. */
  instance: AgentInstance | undefined;
}

/** An agent's data, shared by its instances on this worker. */
interface HostedData {
  readonly data: AgentData;
  users: number;
}

/** The instances pinned to this worker, by slot. */
export class AgentHost {
  readonly #agents = new Map<number, HostedAgent>();
  /** By agent id. */
  readonly #data = new Map<string, HostedData>();
  readonly #services: WorkerServices;
  readonly #status: StatusBlock;
  readonly #measurements: Measurements;
  /** The last call's, reused for each. */
  readonly #done = emptyDoneFrame();

  constructor(services: WorkerServices, status: StatusBlock, measurements: Measurements) {
    this.#services = services;
    this.#status = status;
    this.#measurements = measurements;
  }

  /** Makes and starts an agent. @throws CaxtonError why it can't be started */
  install(install: AgentInstall): InstallResult {
    assert(!this.#agents.has(install.slot), `slot ${install.slot} is taken`);
    const agent: HostedAgent = {
      // Without the data, which would lie in memory a second time.
      install: { ...install, data: [] },
      state: {
        agentId: install.agentId,
        agentIdView: new DataView(Uint8Array.from(Buffer.from(install.agentId)).buffer),
        ...environmentOf(install),
        data: this.#retainData(install),
        timers: new AgentTimers(install.nextTimerId),
        capabilities: new Set(),
        subscriptions: new Set(),
      },
      share: install.cpuShare && new CpuShare(install.cpuShare.millis, install.cpuShare.account),
      instance: undefined,
    };
    try {
      const result = this.#start(agent, install.timestampUs);
      this.#agents.set(install.slot, agent);
      return result;
    } catch (error) {
      this.#releaseData(install.agentId);
      throw error;
    }
  }

  // Another instance here may have written since the data of this one was read.
  #retainData(install: AgentInstall): AgentData {
    const { agentId } = install;
    const hosted = this.#data.get(agentId) ?? { data: this.#takeData(install), users: 0 };
    if (install.sharesData) hosted.data.share();
    hosted.users += 1;
    this.#data.set(agentId, hosted);
    return hosted.data;
  }

  #takeData({ agentId, data: entries }: AgentInstall): AgentData {
    const { dataBudget } = this.#services;
    const data = new AgentData(entries, dataBudget);
    if (!dataBudget.exceeded) return data;
    const bytes = data.byteLength;
    data.release();
    throw new CaxtonError(
      'RESOURCE_LIMIT_EXCEEDED',
      `The ${bytes} bytes that agent '${agentId}' has stored have no room on its worker beside what others stored: all agents of a worker may have stored ${dataBudget.limitBytes} bytes. Remove agents, or raise workers.`,
      { resource: 'stored_data', agent_id: agentId, limit_bytes: dataBudget.limitBytes },
    );
  }

  #releaseData(agentId: string): void {
    const hosted = this.#data.get(agentId);
    assert(hosted, `no data of agent ${agentId} to release`);
    hosted.users -= 1;
    if (hosted.users > 0) return;
    hosted.data.release();
    this.#data.delete(agentId);
  }

  /** Other workers have the agent's data too from now on. */
  shareData(agentId: string): void {
    this.#data.get(agentId)?.data.share();
  }

  /** Changes of agents' data on other workers, and confirmations of those made here. */
  updateData(updates: readonly DataUpdate[]): void {
    for (const update of updates) {
      const data = this.#data.get(update.agentId)?.data;
      if ('confirmed' in update) data?.confirm(update.confirmed);
      else data?.apply(update.key, update.value);
    }
  }

  /** A fresh instance; data, timers and registrations stay. @throws CaxtonError why it failed */
  restart(slot: number, timestampUs: number): InstallResult {
    const agent = this.#agents.get(slot);
    assert(agent, `no agent in slot ${slot} to restart`);
    agent.instance = undefined;
    return this.#start(agent, timestampUs);
  }

  /** Takes an agent out; it is gone even when its shutdown fails. @throws CaxtonError why that did */
  remove(slot: number, shutdown: boolean, timestampUs: number): void {
    const agent = this.#agents.get(slot);
    assert(agent, `no agent in slot ${slot} to remove`);
    this.#agents.delete(slot);
    this.#releaseData(agent.install.agentId);
    const { instance } = agent;
    if (!shutdown || instance === undefined) return;
    this.#services.effects.begin(slot);
    this.#status.beginStep(slot, monotonicUs() / 1_000);
    const failure = instance.shutdown(timestampUs);
    this.#status.endStep();
    this.#settle(failure);
    this.#services.effects.publish();
    if (failure !== undefined) throw fromPlainError(failure.error);
  }

  /** Handles the frame of the request ring that lies at `offset`, and answers it. */
  take(source: Buffer, offset: number, length: number): void {
    const slot = uint32At(source, offset + 4);
    const sequence = uint32At(source, offset + 8);
    const agent = this.#agents.get(slot);
    const takenUs = monotonicUs();
    this.#status.take(sequence, slot, takenUs / 1_000);
    const { effects } = this.#services;
    if (agent === undefined) {
      effects.bounce(BOUNCE_NO_AGENT, slot, sequence, 0, source, offset, length);
    } else if (agent.instance === undefined) {
      effects.bounce(BOUNCE_RESTARTING, slot, sequence, 0, source, offset, length);
    } else {
      const pauseMs = agent.share?.pauseMs(takenUs) ?? 0;
      if (pauseMs > 0) {
        effects.bounce(BOUNCE_THROTTLED, slot, sequence, pauseMs, source, offset, length);
      } else {
        this.#handle(agent, agent.instance, takenUs, source, offset, length);
      }
    }
    this.#status.finish(sequence);
  }

  #handle(
    agent: HostedAgent,
    instance: AgentInstance,
    takenUs: number,
    source: Buffer,
    offset: number,
    length: number,
  ): void {
    const { effects } = this.#services;
    const done = this.#done;
    done.slot = uint32At(source, offset + 4);
    done.sequence = uint32At(source, offset + 8);
    done.fuelUsed = 0;
    effects.begin(done.slot);
    const failure = this.#call(agent, instance, source, offset);
    this.#settle(failure);
    if (failure?.trapped === true) agent.instance = undefined;
    const doneUs = monotonicUs();
    done.outcome = outcomeOf(failure);
    done.handlingUs = doneUs - takenUs;
    done.memoryBytes = instance.memoryBytes;
    done.pauseMs = agent.share?.charge(done.handlingUs, doneUs) ?? 0;
    done.frameBytes = length;
    done.mark = frameMark(source, offset);
    const acceptedUs = doubleAt(source, offset + 16);
    done.latencyUs = Math.max(0, doneUs - acceptedUs);
    this.#measurements.record(acceptedUs, takenUs, doneUs);
    const error = failure === undefined ? '' : JSON.stringify(failure.error);
    effects.complete(done, error, source, offset);
  }

  #call(
    agent: HostedAgent,
    instance: AgentInstance,
    source: Buffer,
    offset: number,
  ): CallFailure | undefined {
    const kind = source[offset];
    if (kind === FRAME_DELIVER) {
      const failure = instance.handleMessage(source, offset + FRAME_HEADER_BYTES);
      this.#done.fuelUsed = instance.fuelUsed;
      return failure;
    }
    assert(kind === FRAME_TIMER, `a frame of kind ${kind} in the request ring`);
    const id = uint32At(source, offset + 32);
    // Cancelled while it was on its way here: the agent was told that it won't come.
    if (!agent.state.timers.fire(id)) return undefined;
    const failure = instance.handleTimer(id, doubleAt(source, offset + 24));
    this.#done.fuelUsed = instance.fuelUsed;
    return failure;
  }

  #start(agent: HostedAgent, timestampUs: number): InstallResult {
    const { install } = agent;
    const startedUs = monotonicUs();
    this.#services.effects.begin(install.slot);
    this.#status.beginStep(install.slot, startedUs / 1_000);
    const { instance, failure } = this.#startInstance(agent, timestampUs);
    this.#settle(failure);
    const durationUs = monotonicUs() - startedUs;
    // Before the verb is answered, so that the main thread finds it in the ring by then.
    this.#services.effects.publish();
    if (failure !== undefined) throw fromPlainError(failure.error);
    agent.instance = instance;
    const { fuelUsed = 0, memoryBytes = 0 } = instance ?? {};
    return { fuelUsed, memoryBytes, durationUs };
  }

  #startInstance(agent: HostedAgent, timestampUs: number): ReturnType<typeof startInstance> {
    try {
      return startInstance(agent.install, agent.state, this.#services, timestampUs);
    } finally {
      this.#status.endStep();
    }
  }

  #settle(failure: CallFailure | undefined): void {
    if (failure === undefined) this.#services.effects.keep();
    else this.#services.effects.drop();
  }
}

// Encoded once: an agent may ask for it as often as its fuel allows.
function environmentOf(
  install: AgentInstall,
): Pick<AgentState, 'environment' | 'wasiEnvironment' | 'wasiArguments'> {
  const entries = Object.entries(install.environment);
  return {
    environment: new Map(entries.map(([key, value]) => [key, Buffer.from(value)])),
    wasiEnvironment: entries.map(([key, value]) => Buffer.from(`${key}=${value}\0`)),
    wasiArguments: [Buffer.from(`${install.name}\0`)],
  };
}

function outcomeOf(failure: CallFailure | undefined): number {
  if (failure === undefined) return OUTCOME_OK;
  return failure.trapped ? OUTCOME_TRAPPED : OUTCOME_FAILED;
}
