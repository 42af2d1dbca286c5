import { CaxtonServer } from '../harness/caxton.js';
import type { Context } from '../harness/context.js';
import {
  canReadThreadTimes,
  endedChildrenTime_us,
  ROLES,
  type Role,
  ThreadClock,
} from '../harness/thread-times.js';
import { takeTurns } from '../harness/turns.js';
import { SERVER_LOADS, type ServerLoadName } from '../load/server-loads.js';

const SIZES = { '100b': 100, '10kb': 10_000 } as const;
const LOADS: readonly ServerLoadName[] = [
  'rest_send',
  'rest_wait',
  'ws_batch',
  'grpc_unary',
  'grpc_stream',
];
const WORKING: ServerLoadName = 'rest_wait_busy';
/** Loads whose agents all of these need. */
const DEPLOYED: readonly ServerLoadName[] = ['rest_send', 'rest_wait', WORKING];
const ROUNDS = 2;

type Part = Role | 'client';
type Costs = Readonly<Record<Part, number>>;

interface Case {
  readonly load: ServerLoadName;
  readonly size: keyof typeof SIZES;
}

/**
 * What a message costs each thread of a server that is under full load, in CPU time. From this
 * follows what other machines reach, see docs/performance.md.
 */
export async function run(context: Context): Promise<void> {
  if (!canReadThreadTimes()) return;
  const clock = new ThreadClock();
  const server = await CaxtonServer.start({ workers: 1, nodeFlags: clock.flags });
  try {
    for (const load of DEPLOYED) await SERVER_LOADS[load].deploy(server);
    const costs = new Map<string, Costs[]>();
    const seconds = context.seconds(0.7);
    const turns = casesOf(context).map((each): [string, () => Promise<number>] => {
      const name = `cost_${each.load}_${each.size}`;
      const measure = async (): Promise<number> => {
        const measured = await costsOf(server, clock, each, seconds);
        costs.set(name, [...(costs.get(name) ?? []), measured]);
        return measured.main;
      };
      return [name, measure];
    });
    await takeTurns<string>(context.smoke ? 1 : ROUNDS, Object.fromEntries(turns));
    for (const [name, measured] of costs) report(context, name, measured);
  } finally {
    await server.stop();
  }
}

function casesOf({ smoke }: Context): readonly Case[] {
  const ofSize = (size: Case['size']) => LOADS.map((load): Case => ({ load, size }));
  return [...ofSize('100b'), ...(smoke ? [] : ofSize('10kb')), { load: WORKING, size: '100b' }];
}

/** Microseconds for each message, of each kind of thread and of the load generator. */
async function costsOf(
  server: CaxtonServer,
  clock: ThreadClock,
  { load, size }: Case,
  seconds: number,
): Promise<Costs> {
  const read = async () => {
    const handled = await server.settled();
    await server.written();
    return { handled, ...clock.read(server.pid), client: endedChildrenTime_us() };
  };
  const before = await read();
  await SERVER_LOADS[load].run(server, seconds, SIZES[size]);
  const after = await read();
  const messages = after.handled - before.handled;
  const each = (part: Part): [Part, number] => [part, (after[part] - before[part]) / messages];
  return Object.fromEntries([...ROLES, 'client' as const].map(each)) as Record<Part, number>;
}

function report(context: Context, name: string, measured: readonly Costs[]): void {
  // The first turn was the warm-up.
  const counted = measured.slice(1);
  for (const part of [...ROLES, 'client' as const]) {
    context.report({
      name: `${name}_${part}`,
      unit: 'µs/message',
      better: 'lower',
      values: counted.map((costs) => costs[part]),
      note: 'CPU time under full load, one worker',
    });
  }
}
