import type { Performative } from '../performative.js';
import { defineProtocol, START } from './protocol.js';

// What the targets answered, as the broker passes it on, is in acts of their own protocol.
const UNDER_WAY: readonly Performative[] = ['inform-done', 'agree', 'propose'];
const ANSWERS: readonly Performative[] = [
  'inform',
  'inform-result',
  'confirm',
  'disconfirm',
  'refuse',
  'failure',
];

/**
 * FIPA Brokering Interaction Protocol, SC00033, between the initiator and the broker; the broker's
 * own exchanges with its targets are conversations of their own. A broker may have several targets
 * and nobody but it knows how many, so that after a first answer more may come.
 */
export const FIPA_BROKERING = defineProtocol({
  name: 'fipa-brokering',
  specification: 'SC00033',
  finals: ['refused', 'failed', 'answered'],
  transitions: [
    [START, 'initiator', ['proxy'], 'asked'],
    ['asked', 'participant', ['refuse'], 'refused'],
    ['asked', 'participant', ['agree'], 'agreed'],
    // failure-no-match and failure-proxy, inform-done-proxy
    ['agreed', 'participant', ['failure'], 'failed'],
    ['agreed', 'participant', ['inform', 'inform-done'], 'proxied'],
    // reply-message-sub-protocol, failure-brokering
    ['proxied', 'participant', UNDER_WAY, 'proxied'],
    ['proxied', 'participant', ANSWERS, 'answered'],
    ['answered', 'participant', [...UNDER_WAY, ...ANSWERS], 'answered'],
  ],
});
