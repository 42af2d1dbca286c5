import type { ErrorCode } from '../../src/base/errors.js';

/** The deploy is refused; `reason` is what the message says of the rule that was broken. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly reason: RegExp;
  /** What the error's details hold, among others. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Every message to the agent ends in a `failure`. */
export interface Fails {
  readonly kind: 'fails';
  readonly code: ErrorCode;
  readonly reason: RegExp;
  /** What the failure's error holds beside code and message, among others. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The agent meets a bound, is told so by the host, and answers with this content. */
export interface Answers {
  readonly kind: 'answers';
  readonly content: unknown;
}

/** No attack: a guest that other tests use to see one part of the host. */
export interface Special {
  readonly kind: 'special';
}

export type Expectation = Refused | Fails | Answers | Special;

const INVALID: ErrorCode = 'INVALID_WASM';
const special: Special = { kind: 'special' };

const refused = (
  code: ErrorCode,
  reason: RegExp,
  details: Readonly<Record<string, unknown>>,
): Refused => ({ kind: 'refused', code, reason, details });

const answers = (content: unknown): Answers => ({ kind: 'answers', content });

/** The call was ended by a trap. */
export const traps = (reason: RegExp): Fails => ({
  kind: 'fails',
  code: 'MESSAGE_DELIVERY_FAILED',
  reason,
  details: { export: 'handle_message' },
});

/** The agent said itself that it failed. */
export const returns = (agentCode: number): Fails => ({
  kind: 'fails',
  code: 'MESSAGE_DELIVERY_FAILED',
  reason: /returned -?\d+ instead of 0/,
  details: { export: 'handle_message', agent_code: agentCode },
});

/** The call went on until its budget was used up. */
export const runsOutOfFuel = (limit = 10_000_000): Fails => ({
  kind: 'fails',
  code: 'RESOURCE_LIMIT_EXCEEDED',
  reason: /units of fuel.*resources\.cpu/,
  details: { resource: 'fuel', limit },
});

export const badPointer = traps(/a host call was given \d+ bytes at \d+, outside the memory/);
const badAllocation: Fails = {
  ...traps(/caxton_alloc trapped: it gave \d+ for \d+ bytes, outside the memory/),
  details: { export: 'caxton_alloc' },
};

const initOutOfFuel = refused('DEPLOYMENT_FAILED', /could not be started: .*units of fuel/, {
  cause: 'RESOURCE_LIMIT_EXCEEDED',
  resource: 'fuel',
  limit: 100_000_000,
});

/** What comes of each guest of test/guests. */
export const EXPECTATIONS: Readonly<Record<string, Expectation>> = Object.freeze({
  // Refused.
  'big-initial-memory': refused('RESOURCE_LIMIT_EXCEEDED', /memory begins with 2000 pages/, {
    rule: 'memory',
    resource: 'memory',
  }),
  'forged-fuel-export': refused(INVALID, /'caxton:fuel' is reserved/, { rule: 'reserved-name' }),
  'has-start': refused(INVALID, /exports '_start'/, { rule: 'command-module' }),
  'huge-table': refused(INVALID, /table_elements is 10000/, { rule: 'limit' }),
  'imports-unknown': refused(INVALID, /imports 'caxton\.no_such_function'/, { rule: 'import' }),
  'imports-wrong-type': refused(INVALID, /'caxton\.send_message' has the wrong type/, {
    rule: 'import',
  }),
  'init-fails': refused('DEPLOYMENT_FAILED', /agent_init returned 3/, { export: 'agent_init' }),
  'init-loop': initOutOfFuel,
  'init-traps': refused('DEPLOYMENT_FAILED', /agent_init trapped: unreachable/, {
    export: 'agent_init',
  }),
  'missing-handle-message': refused(INVALID, /lacks the export 'handle_message'/, {
    rule: 'required-export',
  }),
  'missing-memory': refused(INVALID, /must export its memory/, { rule: 'required-export' }),
  'start-section-loop': initOutOfFuel,
  'wrong-type-handle-message': refused(INVALID, /'handle_message' has the wrong type/, {
    rule: 'export-type',
  }),

  // Endless.
  'forged-fuel-global': runsOutOfFuel(),
  'log-flood': runsOutOfFuel(),
  'loop-br': runsOutOfFuel(),
  'loop-br-if': runsOutOfFuel(),
  'loop-br-table': runsOutOfFuel(),
  'loop-call': runsOutOfFuel(),
  'loop-call-indirect': runsOutOfFuel(),
  'costly-before-false-if': runsOutOfFuel(),
  'loop-nested': runsOutOfFuel(),
  'loop-outward-branches': runsOutOfFuel(),
  'memory-copy-loop': runsOutOfFuel(),
  'memory-grow-for-ever': runsOutOfFuel(),
  'memory-grow-negative': runsOutOfFuel(),
  'memory-init-loop': runsOutOfFuel(),
  'table-copy-loop': runsOutOfFuel(),
  'table-fill-loop': runsOutOfFuel(),
  'table-init-loop': runsOutOfFuel(),
  'memory-fill-loop': runsOutOfFuel(),
  'output-flood': runsOutOfFuel(),
  'output-flood-big': runsOutOfFuel(),
  'recursion-deep': traps(/stack overflow/),
  'recursion-indirect': traps(/stack overflow/),
  'recursion-mutual': traps(/stack overflow/),

  // Traps and bad pointers.
  'alloc-negative': badAllocation,
  'alloc-out-of-range': badAllocation,
  'alloc-overlapping': badAllocation,
  'as-abort': traps(/broke in agent\.ts:3:7/),
  'bad-length-send': badPointer,
  'bad-pointer-load-buffer': badPointer,
  'bad-pointer-log': badPointer,
  'bad-pointer-negative': badPointer,
  'bad-pointer-send': badPointer,
  'bad-pointer-store': badPointer,
  'trap-div-zero': traps(/divide by zero/),
  'trap-indirect-type': traps(/signature mismatch/),
  'trap-oob-memory': traps(/out of bounds/),
  'trap-unreachable': traps(/unreachable/),
  'wasi-proc-exit': traps(/proc_exit\(3\)/),

  // Failures without a trap.
  'alloc-refuses': {
    kind: 'fails',
    code: 'RESOURCE_LIMIT_EXCEEDED',
    reason: /caxton_alloc returned 0/,
    details: { resource: 'memory', limit: 64 * 1024 * 1024 },
  },
  'garbage-output': returns(-2),
  'garbage-output-utf8': returns(-2),
  'output-missing-receiver': returns(-2),
  'output-unknown-performative': returns(-2),
  'returns-nonzero': returns(7),
  // Its timers use up what one message may do, so that its answer is refused as well.
  'timer-flood': returns(-3),

  // Bounded: the agent is told and goes on.
  'capability-flood': answers({ accepted: 64, result: -3 }),
  'subscription-flood': answers({ accepted: 64, result: -3 }),
  // 95 times 32 KiB and their keys are what one message's effects may hold of 3 MiB.
  'data-flood': answers({ accepted: 95, result: -3 }),
  'forged-sender': answers(1),
  'memory-grow-loop': answers({ pages: 1_024 }),
  'memory-grow-once-big': answers({ result: -1 }),

  'broadcast-agent': special,
  'config-reader': special,
  'failing-once': special,
  forwarder: special,
  'fuel-reporter': special,
  'log-agent': special,
  'msgpack-echo': special,
  scripted: special,
  'send-then-work': special,
  'shutdown-agent': special,
  'slow-agent': special,
  'store-agent': special,
  'subscriber-agent': special,
  'timer-agent': special,
  'timestamp-random': special,
  'wasi-hello': special,
});
