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
  readonly failedByCode = new Map<ErrorCode, number>();

  failure(code: ErrorCode): void {
    this.failed += 1;
    this.failedByCode.set(code, (this.failedByCode.get(code) ?? 0) + 1);
  }
}
