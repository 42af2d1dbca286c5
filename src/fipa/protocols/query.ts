import { defineProtocol, START } from './protocol.js';

/** FIPA Query Interaction Protocol, SC00027. The agree may be left out. */
export const FIPA_QUERY = defineProtocol({
  name: 'fipa-query',
  specification: 'SC00027',
  finals: ['refused', 'failed', 'done'],
  transitions: [
    [START, 'initiator', ['query-if'], 'asked-if'],
    [START, 'initiator', ['query-ref'], 'asked-ref'],
    ['asked-if', 'participant', ['refuse'], 'refused'],
    ['asked-if', 'participant', ['agree'], 'agreed-if'],
    ['asked-if', 'participant', ['failure'], 'failed'],
    ['asked-if', 'participant', ['inform'], 'done'],
    ['agreed-if', 'participant', ['failure'], 'failed'],
    ['agreed-if', 'participant', ['inform'], 'done'],
    ['asked-ref', 'participant', ['refuse'], 'refused'],
    ['asked-ref', 'participant', ['agree'], 'agreed-ref'],
    ['asked-ref', 'participant', ['failure'], 'failed'],
    ['asked-ref', 'participant', ['inform', 'inform-result'], 'done'],
    ['agreed-ref', 'participant', ['failure'], 'failed'],
    ['agreed-ref', 'participant', ['inform', 'inform-result'], 'done'],
  ],
});
