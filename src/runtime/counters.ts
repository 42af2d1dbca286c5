import type { ErrorCode } from '../base/errors.js';

/** What the whole server has done since it started. Plain numbers: the message path adds to them. */
export class Counters {
  accepted = 0;
  processed = 0;
  failed = 0;
  deadLetters = 0;
  /** Copies for `subscribe_messages` that found a full mailbox. */
  copiesDropped = 0;
  fuelUsed = 0;
  agentRestarts = 0;
  workerRestarts = 0;
  /** Messages that were not legal in their conversation, refused or only told of. */
  violations = 0;
  spawns = 0;
  spawnTotalUs = 0;
  readonly failedByCode = new Map<ErrorCode, number>();
  /** Calls refused for their caller's rate, by class of operation. */
  readonly rateLimitedByClass = new Map<string, number>();
  /** Deployments and hot reloads that ended, by how. */
  readonly deploymentsByStatus = new Map<string, number>();

  failure(code: ErrorCode): void {
    this.failed += 1;
    add(this.failedByCode, code, 1);
  }

  rateLimited(rateClass: string, calls: number): void {
    add(this.rateLimitedByClass, rateClass, calls);
  }

  deploymentEnded(status: string): void {
    add(this.deploymentsByStatus, status, 1);
  }

  /** An instance was started. @param durationUs from its compiled module to its readiness */
  spawned(durationUs: number): void {
    this.spawns += 1;
    this.spawnTotalUs += durationUs;
  }
}

function add<K>(counts: Map<K, number>, key: K, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}
