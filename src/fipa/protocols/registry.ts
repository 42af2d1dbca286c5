import { FIPA_BROKERING } from './brokering.js';
import { FIPA_CONTRACT_NET } from './contract-net.js';
import { FIPA_ITERATED_CONTRACT_NET } from './iterated-contract-net.js';
import { FIPA_PROPOSE } from './propose.js';
import type { Protocol } from './protocol.js';
import { FIPA_QUERY } from './query.js';
import { FIPA_REQUEST } from './request.js';
import { FIPA_REQUEST_WHEN } from './request-when.js';
import { FIPA_SUBSCRIBE } from './subscribe.js';

/** The protocols that conversations are checked against, in the order of their FIPA numbers. */
export const PROTOCOLS: readonly Protocol[] = Object.freeze([
  FIPA_REQUEST,
  FIPA_QUERY,
  FIPA_REQUEST_WHEN,
  FIPA_CONTRACT_NET,
  FIPA_ITERATED_CONTRACT_NET,
  FIPA_BROKERING,
  FIPA_SUBSCRIBE,
  FIPA_PROPOSE,
]);

const byName = new Map(PROTOCOLS.map((protocol) => [protocol.name, protocol]));

/** The protocol of a message's `protocol`, in any case, with `-` or `_`; undefined = not known. */
export function protocolOf(name: string): Protocol | undefined {
  if (name === '') return undefined;
  return byName.get(name) ?? byName.get(name.toLowerCase().replaceAll('_', '-'));
}
