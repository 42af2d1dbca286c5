import { wallMs } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import type { AgentVersion, Instance } from './agent.js';
import type { Launcher } from './launcher.js';
import type { Modules } from './modules.js';

export interface RetirementParts {
  readonly launcher: Launcher;
  readonly logger: Logger;
  readonly modules: Modules;
  /** How long an instance's conversations are silent before it ends, milliseconds. */
  readonly lingerMs: number;
}

const CHECK_MS = 250;
const DRAIN_MS = LIMITS.grace_period_default_s * 1_000;

/**
 * Ends instances of former versions when their conversations are over, which is taken to be so
 * when they were silent for a while. Until then they get what belongs to those conversations, and
 * no new ones. One that never had a conversation has nothing to wait for.
 */
export class Retirement {
  readonly #parts: RetirementParts;
  readonly #instances = new Set<Instance>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: RetirementParts) {
    this.#parts = parts;
  }

  /** The instance takes no new conversations from now on. */
  retire(instance: Instance): void {
    if (this.#instances.has(instance)) return;
    instance.closedMs = wallMs();
    instance.agent.choicesChanged();
    this.#instances.add(instance);
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS).unref();
  }

  /** All of a version goes, which is not the agent's any more. */
  retireVersion(version: AgentVersion): void {
    for (const instance of version.instances) this.retire(instance);
    // Its instances may have ended before it was a former one.
    this.#dropEmpty(version);
    const lingering = [...version.agent.versions].filter(
      (each) => each !== version.agent.version && each.instances.some((one) => this.#lingers(one)),
    );
    for (const oldest of lingering.slice(0, -LIMITS.former_versions_per_agent)) {
      oldest.agent.withdraw(oldest);
      for (const instance of oldest.instances) {
        if (this.#instances.has(instance)) this.#end(instance, DRAIN_MS);
      }
    }
  }

  #lingers(instance: Instance): boolean {
    return this.#instances.has(instance) && instance.hadMessage;
  }

  /** It takes new conversations again. */
  reopen(instance: Instance): void {
    this.#instances.delete(instance);
    instance.closedMs = Number.POSITIVE_INFINITY;
    instance.agent.choicesChanged();
  }

  /** The version is of no use any more: its conversations go on with the present one. */
  abandon(version: AgentVersion): void {
    version.agent.withdraw(version);
    for (const instance of [...version.instances]) this.#end(instance, 0);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#instances.clear();
  }

  #check(): void {
    const nowMs = wallMs();
    for (const instance of this.#instances) {
      const { agent } = instance;
      // Whoever stops or removes the agent ends all of its instances.
      if (agent.state !== 'running' && agent.state !== 'draining') this.#end(instance, 0);
      else if (this.#isDone(instance, nowMs)) this.#end(instance, DRAIN_MS);
    }
    if (this.#instances.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #isDone(instance: Instance, nowMs: number): boolean {
    if (nowMs - instance.closedMs >= LIMITS.version_linger_max_ms) return true;
    if (instance.mailbox.size > 0) return false;
    // Within the millisecond in which it was closed a conversation may still begin.
    if (!instance.hadMessage) return nowMs > instance.closedMs + 1;
    return nowMs - Math.max(instance.closedMs, instance.usedMs) >= this.#parts.lingerMs;
  }

  #end(instance: Instance, drainMs: number): void {
    this.#instances.delete(instance);
    void this.#finish(instance, drainMs).catch((error) =>
      this.#parts.logger.error(
        { err: error, agent_id: instance.agent.id },
        'an instance of a former version could not be ended',
      ),
    );
  }

  async #finish(instance: Instance, drainMs: number): Promise<void> {
    const { launcher } = this.#parts;
    const { agent, version } = instance;
    // It gets no message from here on; what it has is handled first.
    instance.closedMs = Number.NEGATIVE_INFINITY;
    await launcher.idle(instance, drainMs);
    agent.dropInstance(instance);
    await instance.exclusively(() => launcher.evict(instance, true));
    this.#dropEmpty(version);
  }

  #dropEmpty(version: AgentVersion): void {
    const { agent } = version;
    if (version.instances.length > 0 || version === agent.version) return;
    // One that was removed has taken along the modules of all its versions.
    if (agent.discarded || !agent.versions.has(version)) return;
    agent.dropVersion(version);
    this.#parts.modules.release(version.identity.moduleHash);
  }
}
