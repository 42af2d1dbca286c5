import { defineProtocol, START } from './protocol.js';

/** FIPA Contract Net Interaction Protocol, SC00029, with each of the participants. */
export const FIPA_CONTRACT_NET = defineProtocol({
  name: 'fipa-contract-net',
  specification: 'SC00029',
  finals: ['refused', 'rejected', 'failed', 'done'],
  transitions: [
    [START, 'initiator', ['cfp'], 'called'],
    ['called', 'participant', ['refuse'], 'refused'],
    ['called', 'participant', ['propose'], 'proposed'],
    ['proposed', 'initiator', ['reject-proposal'], 'rejected'],
    ['proposed', 'initiator', ['accept-proposal'], 'accepted'],
    ['accepted', 'participant', ['failure'], 'failed'],
    ['accepted', 'participant', ['inform', 'inform-done', 'inform-result'], 'done'],
  ],
});
