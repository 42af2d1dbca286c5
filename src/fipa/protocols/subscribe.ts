import { defineProtocol, START } from './protocol.js';

/** FIPA Subscribe Interaction Protocol, SC00035: it goes on until a failure or a cancel. */
export const FIPA_SUBSCRIBE = defineProtocol({
  name: 'fipa-subscribe',
  specification: 'SC00035',
  finals: ['refused', 'failed'],
  transitions: [
    [START, 'initiator', ['subscribe'], 'requested'],
    ['requested', 'participant', ['refuse'], 'refused'],
    ['requested', 'participant', ['agree'], 'subscribed'],
    ['requested', 'participant', ['inform', 'inform-result'], 'subscribed'],
    ['requested', 'participant', ['failure'], 'failed'],
    ['subscribed', 'participant', ['inform', 'inform-result'], 'subscribed'],
    ['subscribed', 'participant', ['failure'], 'failed'],
  ],
});
