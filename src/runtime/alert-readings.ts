import { freemem } from 'node:os';
import type { PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { residentBytes } from '../base/resident-memory.js';
import type { Store } from '../store/store.js';
import type { Counters } from './counters.js';
import type { Directory } from './directory.js';

/** How an agent is, as far as it may need an operator. */
export interface AgentReading {
  readonly agentId: string;
  readonly name: string;
  /** How full its fullest mailbox is. */
  readonly mailboxPercent: number;
  readonly mailboxMessages: number;
  /** Why it failed for good; undefined when it didn't. */
  readonly failure: PlainError | undefined;
}

/** What alerts look at, read anew at each look. */
export interface AlertReadings {
  memoryPercent(): number;
  /** Since the server was started. */
  deadLetters(): number;
  store(): {
    readonly percent: number;
    readonly pendingRecords: number;
    /** Why it can't write; undefined when it can. */
    readonly trouble: string | undefined;
  };
  agents(): Iterable<AgentReading>;
}

export interface AlertReadingsParts {
  readonly counters: Counters;
  readonly directory: Directory;
  readonly store: Store;
}

export function readingsOf({ counters, directory, store }: AlertReadingsParts): AlertReadings {
  return {
    memoryPercent: () => memoryPercent(residentBytes(), freemem(), process.constrainedMemory()),
    deadLetters: () => counters.deadLetters,
    store: () => {
      const { pendingBytes, pendingRecords } = store.stats();
      return {
        percent: (100 * pendingBytes) / LIMITS.store_ring_bytes,
        pendingRecords,
        trouble: store.trouble,
      };
    },
    agents: () => agentReadings(directory),
  };
}

function* agentReadings(directory: Directory): Generator<AgentReading> {
  for (const agent of directory.agents()) {
    let fill = 0;
    for (const { mailbox } of agent.instances) fill = Math.max(fill, mailbox.fill);
    const failure = agent.state === 'failed' ? (agent.failure ?? UNKNOWN_FAILURE) : undefined;
    yield {
      agentId: agent.id,
      name: agent.name,
      mailboxPercent: 100 * fill,
      mailboxMessages: agent.queued,
      failure,
    };
  }
}

/** Of agents that had failed before the server was started. */
const UNKNOWN_FAILURE: PlainError = {
  code: 'UNAVAILABLE',
  message: 'The agent failed before the server was started.',
  details: {},
};

/**
 * The share that the process has of the memory that it could have.
 * @param constrainedBytes the bound of its container; 0, undefined or beyond all memory = none
 */
export function memoryPercent(
  usedBytes: number,
  freeBytes: number,
  constrainedBytes: number | undefined,
): number {
  const possibleBytes = usedBytes + freeBytes;
  const bounded = constrainedBytes !== undefined && constrainedBytes > 0;
  const mostBytes = bounded ? Math.min(possibleBytes, constrainedBytes) : possibleBytes;
  return Math.min(100, (100 * usedBytes) / mostBytes);
}
