import { wallMs } from '../base/clock.js';
import { CaxtonError } from '../base/errors.js';
import type { Config, TokenConfig } from '../config/schema.js';
import { type RatePolicy, TokenBucket } from './token-bucket.js';

/** Groups of operations that share a rate limit. */
export type RateClass = 'deployment' | 'messages' | 'metrics' | 'system';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** As the API reference calls them. */
const TITLES: Readonly<Record<RateClass, string>> = Object.freeze({
  deployment: 'agent deployment',
  messages: 'message sending',
  metrics: 'metrics queries',
  system: 'system operations',
});

export type RatePolicies = Readonly<Record<RateClass, RatePolicy>>;

/**
 * The policies of the config, with a token's own in their place.
 * @returns undefined where rates are not limited
 */
export function ratePolicies(
  general: Config['rate_limits'],
  own: TokenConfig['rate_limits'] = {},
): RatePolicies | undefined {
  if (!(own.enabled ?? general.enabled)) return undefined;
  const perMinute = (name: 'deployment' | 'metrics' | 'system'): RatePolicy => {
    const { rate_per_minute, burst } = { ...general[name], ...own[name] };
    return { limit: rate_per_minute, window_ms: MINUTE_MS, burst };
  };
  const messages = { ...general.messages, ...own.messages };
  return {
    deployment: perMinute('deployment'),
    messages: {
      limit: messages.rate_per_second,
      window_ms: SECOND_MS,
      burst: messages.burst,
    },
    metrics: perMinute('metrics'),
    system: perMinute('system'),
  };
}

/** Counts calls over the rate. */
export type CountRefused = (rateClass: RateClass, calls: number) => void;

/** How often one caller may still call: a bucket for each class of operations. */
export class RateAccount {
  readonly deployment: TokenBucket;
  readonly messages: TokenBucket;
  readonly metrics: TokenBucket;
  readonly system: TokenBucket;
  readonly #now: () => number;
  readonly #refused: CountRefused;

  /**
   * @param now wall time in milliseconds
   * @param refused told of calls over the rate
   */
  constructor(
    policies: RatePolicies,
    now: () => number = wallMs,
    refused: CountRefused = () => undefined,
  ) {
    this.#now = now;
    this.#refused = refused;
    this.deployment = new TokenBucket(policies.deployment, now());
    this.messages = new TokenBucket(policies.messages, now());
    this.metrics = new TokenBucket(policies.metrics, now());
    this.system = new TokenBucket(policies.system, now());
  }

  /** Counts a call. @throws CaxtonError RATE_LIMITED */
  take(rateClass: RateClass): void {
    if (this[rateClass].take(this.#now())) return;
    this.#refused(rateClass, 1);
    throw this.refusal(rateClass);
  }

  /** Counts as many calls as are allowed, up to `count`. @returns how many */
  takeUpTo(rateClass: RateClass, count: number): number {
    const taken = this[rateClass].takeUpTo(count, this.#now());
    if (taken < count) this.#refused(rateClass, count - taken);
    return taken;
  }

  /** What a caller over its rate is told. */
  refusal(rateClass: RateClass): CaxtonError {
    const { policy, waitMs, remaining } = this[rateClass];
    const unit = policy.window_ms === SECOND_MS ? 'second' : 'minute';
    const retryAfterS = Math.max(1, Math.ceil(waitMs / 1_000));
    return new CaxtonError(
      'RATE_LIMITED',
      `The rate limit of ${TITLES[rateClass]} is ${policy.limit} a ${unit}, and ${policy.burst} at once after a pause. Try again in ${retryAfterS} s, or raise rate_limits.${rateClass} of the server or of the token.`,
      {
        rate_class: rateClass,
        limit: policy.limit,
        window_seconds: policy.window_ms / 1_000,
        burst: policy.burst,
        remaining,
        reset: this.resetS(rateClass),
        retry_after_ms: Math.ceil(waitMs),
        retry_after_seconds: retryAfterS,
      },
    );
  }

  /** When all of the burst is there again, in seconds since the epoch. */
  resetS(rateClass: RateClass): number {
    return Math.ceil(this[rateClass].fullAtMs / 1_000);
  }
}
