import { ApiFailure } from '../api/driver.js';
import { callFailure } from '../transport/grpc/client.js';
import type { SoakedServer } from './soaked-server.js';

/** What a call was about, as far as it matters to which errors it may get. */
export type Subject =
  | 'steady' // an agent that nobody stops
  | 'unsteady' // one that is stopped, started, removed and deployed
  | 'hostile' // one that fails what it gets
  | 'deployment'
  | 'task'
  | 'view'; // what only reads

interface Cause {
  readonly code: string;
  readonly message: string;
}

/** What was so when a call began. */
export interface Moment {
  readonly epoch: number;
  readonly changing: boolean;
  readonly threadsEnded: number;
}

interface Rule {
  readonly code: string;
  /** Undefined = any. */
  readonly subjects?: readonly Subject[];
  readonly message?: RegExp;
  /** Only while the server was ended or started. */
  readonly restarted?: true;
  /** Only where a worker thread was ended meanwhile. */
  readonly threadEnded?: true;
  readonly why: string;
}

/** All that may go wrong in a soak. What no line explains fails it. */
const RULES: readonly Rule[] = [
  { code: 'CONNECTION', restarted: true, why: 'the server was ended' },
  { code: 'UNAVAILABLE', restarted: true, why: 'the server was ended' },
  { code: 'TIMEOUT', restarted: true, why: 'the server was ended' },
  { code: 'RESOURCE_LIMIT_EXCEEDED', message: /mailbox/, why: 'a mailbox was full' },
  { code: 'UNAVAILABLE', message: /history/, why: 'the history was behind its disk' },
  {
    code: 'UNAVAILABLE',
    subjects: ['unsteady', 'hostile'],
    why: 'the agent was stopped, or had failed',
  },
  { code: 'AGENT_NOT_FOUND', subjects: ['unsteady'], why: 'the agent was removed' },
  { code: 'AGENT_ALREADY_EXISTS', subjects: ['unsteady'], why: 'the agent was there' },
  { code: 'CONFLICT', subjects: ['unsteady', 'hostile'], why: 'the agent was in another state' },
  { code: 'CONFLICT', subjects: ['deployment'], why: 'another deployment ran, or this had ended' },
  { code: 'CONFLICT', subjects: ['task'], why: 'the task was in another state' },
  { code: 'TIMEOUT', subjects: ['task'], threadEnded: true, why: 'who was to bid lost the call' },
  {
    code: 'UNAVAILABLE',
    subjects: ['task'],
    threadEnded: true,
    why: 'who was to bid lost the call',
  },
  {
    code: 'DEPLOYMENT_FAILED',
    subjects: ['unsteady', 'hostile', 'deployment'],
    threadEnded: true,
    why: 'the worker ended during the start',
  },
];

/** The errors of a soak: how often each that is explained, and what is not. */
export class ErrorBook {
  readonly explained = new Map<string, number>();
  readonly unexplained: string[] = [];
  readonly #server: SoakedServer;

  constructor(server: SoakedServer) {
    this.#server = server;
  }

  now(): Moment {
    const { epoch, changing, threadsEnded } = this.#server;
    return { epoch, changing, threadsEnded };
  }

  /** @returns whether the error says that nothing was done */
  note(error: unknown, what: string, subject: Subject, since: Moment): boolean {
    const cause = causeOf(error);
    const rule = RULES.find((candidate) => this.#fits(candidate, cause, subject, since));
    if (rule === undefined) this.unexplained.push(`${what}: ${cause.code} ${cause.message}`);
    else this.count(`${cause.code}: ${rule.why}`);
    return cause.code !== 'CONNECTION' && cause.code !== 'TIMEOUT' && rule?.restarted !== true;
  }

  count(kind: string): void {
    this.explained.set(kind, (this.explained.get(kind) ?? 0) + 1);
  }

  #fits(rule: Rule, cause: Cause, subject: Subject, since: Moment): boolean {
    const { epoch, changing, threadsEnded } = this.now();
    const restarted = epoch !== since.epoch || changing || since.changing;
    return (
      rule.code === cause.code &&
      (rule.subjects?.includes(subject) ?? true) &&
      (rule.message?.test(cause.message) ?? true) &&
      (rule.restarted === undefined || restarted) &&
      (rule.threadEnded === undefined || threadsEnded !== since.threadsEnded)
    );
  }
}

const BROKEN =
  /fetch failed|Connection dropped|closed \(\d+\)|ECONN|EPIPE|socket|terminated|not open|CONNECTING/;
/** Of gRPC, where the server sent no error of its own: CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE. */
const BROKEN_CALLS = [1, 4, 14];

function causeOf(error: unknown): Cause {
  if (error instanceof ApiFailure) return { code: error.code, message: error.message };
  const { message } = error as Error;
  if (typeof (error as { code?: unknown }).code === 'number') {
    const failure = callFailure(error);
    if (failure.error !== undefined) return failure.error;
    const code = BROKEN_CALLS.includes(failure.status) ? 'CONNECTION' : `gRPC ${failure.status}`;
    return { code, message: failure.message };
  }
  return { code: BROKEN.test(message) ? 'CONNECTION' : 'OTHER', message: String(error) };
}
