import { Metadata } from '@grpc/grpc-js';
import type { Admission } from '../../api/api.js';
import type { Principal } from '../../api/operation.js';

/** REST's X-RateLimit headers. @returns undefined where the caller's rates are not limited */
export function rateMetadata(
  principal: Principal | undefined,
  { rateClass }: Admission,
): Metadata | undefined {
  const rates = principal?.rates;
  if (rates === undefined) return undefined;
  const bucket = rates[rateClass];
  const metadata = new Metadata();
  metadata.set('x-ratelimit-limit', String(bucket.policy.limit));
  metadata.set('x-ratelimit-remaining', String(bucket.remaining));
  metadata.set('x-ratelimit-reset', String(rates.resetS(rateClass)));
  return metadata;
}
