import { lazyValidator } from '../base/validators.js';
import { normalizePerformative, type Performative } from '../fipa/performative.js';
import type { BroadcastFilter, SubscriptionFilter } from './filter-schemas.js';

const broadcastValidator = lazyValidator<BroadcastFilter>('worker', 'broadcast');
const subscriptionValidator = lazyValidator<SubscriptionFilter>('worker', 'subscription');

/** @returns undefined when it is no such filter */
export function readBroadcastFilter(value: unknown): BroadcastFilter | undefined {
  return broadcastValidator()(value) ? value : undefined;
}

/** @returns the filter with its performatives in canonical form; undefined when it is none */
export function readSubscriptionFilter(value: unknown): SubscriptionFilter | undefined {
  if (!subscriptionValidator()(value)) return undefined;
  if (value.performatives === undefined) return value;
  const performatives = value.performatives.map(normalizePerformative);
  const known = performatives.filter((act): act is Performative => act !== undefined);
  return known.length === performatives.length ? { ...value, performatives: known } : undefined;
}
