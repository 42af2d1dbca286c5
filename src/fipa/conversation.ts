import { LIMITS } from '../base/limits.js';
import type { Envelope } from './message.js';
import type { Performative } from './performative.js';
import { isFinal, legalActs, maySpeak, nextState } from './protocols/interpreter.js';
import { FAILED, type Protocol, type Role, START } from './protocols/protocol.js';

/** What of a message its place in a conversation depends on. */
export type Spoken = Pick<
  Envelope,
  'sender' | 'receiver' | 'replyTo' | 'performative' | 'protocol'
>;

/** A legal act: it brings the exchange with this participant into this state. */
export interface Step {
  readonly participant: string;
  readonly to: string;
  /** Who gets the answers in the initiator's place; empty = unchanged. */
  readonly deputy: string;
}

/** An act that is not legal, and those that would be from the same sender. */
export interface Violation {
  /** Absent when the sender has no part in the conversation. */
  readonly role: Role | undefined;
  readonly state: string;
  readonly legalActs: readonly Performative[];
}

export type Judgement =
  | { readonly step: Step; readonly violation?: undefined }
  | { readonly step?: undefined; readonly violation: Violation };

/**
 * One conversation under a protocol: who began it, and how far it is with each participant. Knows
 * nothing of time; judging changes nothing, only `take` does.
 */
export class Conversation {
  readonly id: string;
  readonly protocol: Protocol;
  readonly initiator: string;
  /** Whoever gets the answers (`reply_to`) may speak for the initiator. */
  #deputy = '';
  readonly #states = new Map<string, string>();
  #open = 0;
  #beyondBound = false;

  constructor(id: string, protocol: Protocol, initiator: string) {
    this.id = id;
    this.protocol = protocol;
    this.initiator = initiator;
  }

  /** The state of the exchange with each participant, by name. */
  get states(): ReadonlyMap<string, string> {
    return this.#states;
  }

  /** The exchange with every participant is over. */
  get completed(): boolean {
    return this.#open === 0 && !this.#beyondBound;
  }

  /** Completed, and nothing that is said in it now can be legal but to begin anew. */
  get ended(): boolean {
    if (!this.completed) return false;
    for (const state of this.#states.values()) {
      if (maySpeak(this.protocol, state)) return false;
    }
    return true;
  }

  /**
   * @param protocol the one that the message names; undefined when it names none
   * @returns undefined when the message is no part of what the protocol speaks of
   */
  judge(
    message: Spoken,
    receiver: string,
    protocol: Protocol | undefined,
    resolve: (name: string) => string,
  ): Judgement | undefined {
    const { sender, performative } = message;
    const asInitiator = this.#isInitiator(sender);
    const asParticipant = this.#isInitiator(receiver) && this.#states.has(sender);
    const foreign = protocol !== undefined && protocol !== this.protocol;
    if (!foreign && asInitiator) {
      const to = nextState(this.protocol, this.#stateFor(receiver), 'initiator', performative);
      // Without a protocol nothing is begun, only gone on with.
      if (to !== undefined && (protocol !== undefined || this.#isOpen(receiver))) {
        const deputy = message.replyTo === '' ? '' : resolve(message.replyTo);
        return { step: { participant: receiver, to, deputy } };
      }
    }
    if (!foreign && asParticipant) {
      const state = this.#states.get(sender) as string;
      const to = nextState(this.protocol, state, 'participant', performative);
      if (to !== undefined) return { step: { participant: sender, to, deputy: '' } };
    }
    return this.#violation(message, receiver, protocol, asInitiator, asParticipant);
  }

  /** The server tells of a failure in a participant's name: that ends the exchange with it. */
  judgeFailure(sender: string, receiver: string): Judgement | undefined {
    if (!this.#isOpen(sender) || !this.#isInitiator(receiver)) return undefined;
    return { step: { participant: sender, to: FAILED, deputy: '' } };
  }

  /** @returns whether a participant came to the conversation */
  take({ participant, to, deputy }: Step): boolean {
    const isNew = !this.#states.has(participant);
    if (isNew && this.#states.size >= LIMITS.conversation_participants) {
      this.#beyondBound = true;
      return false;
    }
    if (deputy !== '') this.#deputy = deputy;
    this.#open -= Number(this.#isOpen(participant));
    this.#states.set(participant, to);
    this.#open += Number(this.#isOpen(participant));
    return isNew;
  }

  #isInitiator(name: string): boolean {
    return name === this.initiator || (this.#deputy !== '' && name === this.#deputy);
  }

  #isOpen(participant: string): boolean {
    const state = this.#states.get(participant);
    return state !== undefined && !isFinal(this.protocol, state);
  }

  // An exchange that is over may be begun anew, with the same participant.
  #stateFor(participant: string): string {
    return this.#isOpen(participant) ? (this.#states.get(participant) as string) : START;
  }

  #violation(
    message: Spoken,
    receiver: string,
    protocol: Protocol | undefined,
    asInitiator: boolean,
    asParticipant: boolean,
  ): Judgement | undefined {
    // Participants that were too many are not known, so nobody can be told apart from them.
    if (this.#beyondBound && !asParticipant && !this.#states.has(receiver)) return undefined;
    const state = asInitiator ? this.#states.get(receiver) : this.#states.get(message.sender);
    // Many agents leave the protocol out: then only what can't but belong to it is held against it.
    const isOpen = this.#isOpen(asInitiator ? receiver : message.sender);
    if (protocol === undefined && !(isOpen && (asInitiator || asParticipant))) return undefined;
    if (asInitiator) {
      const from = this.#stateFor(receiver);
      return violation(this.protocol, 'initiator', from);
    }
    if (asParticipant) return violation(this.protocol, 'participant', state as string);
    return { violation: { role: undefined, state: state ?? START, legalActs: [] } };
  }
}

/** What a message begins that names this protocol in a conversation that is not under way. */
export function judgeFirst(
  message: Spoken,
  receiver: string,
  protocol: Protocol,
  resolve: (name: string) => string,
): Judgement {
  const to = nextState(protocol, START, 'initiator', message.performative);
  if (to === undefined) return violation(protocol, 'initiator', START);
  const deputy = message.replyTo === '' ? '' : resolve(message.replyTo);
  return { step: { participant: receiver, to, deputy } };
}

function violation(protocol: Protocol, role: Role, state: string): Judgement {
  return { violation: { role, state, legalActs: legalActs(protocol, state, role) } };
}
