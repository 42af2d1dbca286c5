import { defineProtocol, START } from './protocol.js';

/** FIPA Propose Interaction Protocol, SC00036. */
export const FIPA_PROPOSE = defineProtocol({
  name: 'fipa-propose',
  specification: 'SC00036',
  finals: ['accepted', 'rejected'],
  transitions: [
    [START, 'initiator', ['propose'], 'proposed'],
    ['proposed', 'participant', ['accept-proposal'], 'accepted'],
    ['proposed', 'participant', ['reject-proposal'], 'rejected'],
  ],
});
