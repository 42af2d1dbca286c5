import { defineProtocol, START } from './protocol.js';

/** FIPA Iterated Contract Net Interaction Protocol, SC00030: a cfp may answer a proposal. */
export const FIPA_ITERATED_CONTRACT_NET = defineProtocol({
  name: 'fipa-iterated-contract-net',
  specification: 'SC00030',
  finals: ['refused', 'rejected', 'failed', 'done'],
  transitions: [
    [START, 'initiator', ['cfp'], 'called'],
    ['called', 'participant', ['refuse'], 'refused'],
    ['called', 'participant', ['propose'], 'proposed'],
    ['proposed', 'initiator', ['cfp'], 'called'],
    ['proposed', 'initiator', ['reject-proposal'], 'rejected'],
    ['proposed', 'initiator', ['accept-proposal'], 'accepted'],
    ['accepted', 'participant', ['failure'], 'failed'],
    ['accepted', 'participant', ['inform', 'inform-done', 'inform-result'], 'done'],
  ],
});
