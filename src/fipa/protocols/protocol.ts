import type { Performative } from '../performative.js';

/** Who speaks: the one that began the exchange, or one of those it was begun with. */
export type Role = 'initiator' | 'participant';

/** From which state, who may say what, and which state follows. */
export type Transition = readonly [
  from: string,
  by: Role,
  acts: readonly Performative[],
  to: string,
];

/**
 * One FIPA interaction protocol as a table of transitions between the initiator and one
 * participant. An exchange with several participants has a state for each of them.
 */
export interface Protocol {
  /** As in a message's `protocol`. */
  readonly name: string;
  /** The FIPA document. */
  readonly specification: string;
  /** States in which the exchange with a participant is over. */
  readonly finals: readonly string[];
  readonly transitions: readonly Transition[];
}

/** Where every protocol begins: nothing was said yet. */
export const START = 'start';

/** The exchange with a participant came to nothing; the server itself may end it so. */
export const FAILED = 'failed';

/** Acts that answer a cancel (FIPA-Cancel meta-protocol, in each of the documents). */
const CANCEL_DONE: readonly Performative[] = ['inform', 'inform-done'];

/**
 * Completes a protocol's own transitions by the exceptions that all of the documents have alike
 * ("Exceptions to Interaction Protocol Flow"): `not-understood` by either side ends the exchange,
 * and the initiator may `cancel` it, which the participant answers by inform or failure.
 */
export function defineProtocol(own: Protocol): Protocol {
  const open = new Set(own.transitions.map(([, , , to]) => to));
  for (const final of own.finals) open.delete(final);
  const exceptions = [...open].flatMap((state): Transition[] => [
    [state, 'participant', ['not-understood'], 'not-understood'],
    [state, 'initiator', ['not-understood'], 'not-understood'],
    [state, 'initiator', ['cancel'], 'cancelling'],
  ]);
  const finals = new Set([...own.finals, 'not-understood', 'cancelled', 'cancel-failed', FAILED]);
  return Object.freeze({
    ...own,
    finals: Object.freeze([...finals]),
    transitions: Object.freeze([...own.transitions, ...exceptions, ...cancelling(own)]),
  });
}

function cancelling(own: Protocol): Transition[] {
  const answers: readonly Performative[] = [...CANCEL_DONE, 'failure', 'not-understood'];
  const participantActs = own.transitions.flatMap(([, by, acts]) =>
    by === 'participant' ? acts : [],
  );
  const crossing = [...new Set(participantActs)].filter((act) => !answers.includes(act));
  return [
    ['cancelling', 'participant', CANCEL_DONE, 'cancelled'],
    ['cancelling', 'participant', ['failure'], 'cancel-failed'],
    ['cancelling', 'participant', ['not-understood'], 'not-understood'],
    // What the participant said before the cancel reached it.
    ...(crossing.length === 0
      ? []
      : [['cancelling', 'participant', crossing, 'cancelling'] as const]),
  ];
}
