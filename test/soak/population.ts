import type { Dice } from '../faults/load.js';
import { guest, sampleAgent } from '../support/guests.js';
import { call, deployForm } from '../support/rest-client.js';
import type { Subject } from './error-book.js';

/** Agents that get new versions all the time, and are never stopped. */
export const ROLLED = ['rolled', 'pair'] as const;
/** Agents that are stopped, started, removed and deployed. */
export const UNSTEADY = ['churn-0', 'churn-1'] as const;
/** Agents that answer whatever they are asked. */
const STEADY = ['echo', 'counter', ...ROLLED] as const;
/** Takes its time over each message, and has a small mailbox. */
export const SLOW = 'slow';
export const BIDDERS = ['bidder-0', 'bidder-1', 'bidder-2'] as const;
/** Never ends by its fuel: the watchdog ends its thread. */
export const ENDLESS = 'loop-br';
/** Guests that misbehave, each in its own way, with the resources they are given. */
export const HOSTILE: Readonly<Record<string, object>> = {
  'trap-unreachable': {},
  'trap-oob-memory': {},
  'returns-nonzero': {},
  'recursion-deep': {},
  'loop-nested': { cpu: '1000000' },
  'memory-grow-loop': {},
  'memory-fill-loop': {},
  'output-flood': {},
  'log-flood': {},
  'data-flood': {},
  'timer-flood': {},
  'garbage-output': {},
  [ENDLESS]: { cpu: '10000000000', max_message_ms: 200 },
};

/** Some agent that answers; now and then one that may be away. */
export function someAgent(dice: Dice): string {
  return dice.whole(0, 9) === 0 ? dice.pick(UNSTEADY) : dice.pick(STEADY);
}

export function subjectOf(agent: string): Subject {
  return (UNSTEADY as readonly string[]).includes(agent) ? 'unsteady' : 'steady';
}

/** @param url of a server that has no agents yet */
export async function populate(url: string): Promise<void> {
  const deploy = (name: string, module: Uint8Array<ArrayBuffer>, resources: object = {}) =>
    call(`${url}/api/v1/agents`, 'POST', deployForm(module, { name, resources }));
  await Promise.all([
    deploy('echo', sampleAgent('echo')),
    deploy('counter', sampleAgent('counter')),
    deploy('rolled', sampleAgent('echo')),
    deploy('pair', sampleAgent('echo'), { instances: 2 }),
    deploy(SLOW, await guest('slow-agent'), { mailbox: 20 }),
    ...UNSTEADY.map((name) => deploy(name, sampleAgent('echo'))),
    ...BIDDERS.map((name) => deploy(name, sampleAgent('bidder'))),
    ...Object.entries(HOSTILE).map(async ([name, resources]) =>
      deploy(name, await guest(name), resources),
    ),
  ]);
}
