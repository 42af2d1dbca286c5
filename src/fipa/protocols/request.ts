import { defineProtocol, START } from './protocol.js';

/** FIPA Request Interaction Protocol, SC00026. The agree may be left out. */
export const FIPA_REQUEST = defineProtocol({
  name: 'fipa-request',
  specification: 'SC00026',
  finals: ['refused', 'failed', 'done'],
  transitions: [
    [START, 'initiator', ['request'], 'requested'],
    ['requested', 'participant', ['refuse'], 'refused'],
    ['requested', 'participant', ['agree'], 'agreed'],
    ['requested', 'participant', ['failure'], 'failed'],
    ['requested', 'participant', ['inform', 'inform-done', 'inform-result'], 'done'],
    ['agreed', 'participant', ['failure'], 'failed'],
    ['agreed', 'participant', ['inform', 'inform-done', 'inform-result'], 'done'],
  ],
});
