import { defineProtocol, START } from './protocol.js';

/** FIPA Request When Interaction Protocol, SC00028: the action waits for a condition. */
export const FIPA_REQUEST_WHEN = defineProtocol({
  name: 'fipa-request-when',
  specification: 'SC00028',
  finals: ['refused', 'failed', 'done'],
  transitions: [
    [START, 'initiator', ['request-when'], 'requested'],
    ['requested', 'participant', ['refuse'], 'refused'],
    ['requested', 'participant', ['agree'], 'agreed'],
    ['agreed', 'participant', ['failure'], 'failed'],
    ['agreed', 'participant', ['inform', 'inform-done', 'inform-result'], 'done'],
  ],
});
