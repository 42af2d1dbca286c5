import { echoAgent } from '../harness/agents.js';
import { CaxtonServer } from '../harness/caxton.js';
import type { Context } from '../harness/context.js';
import { compileAssembly } from '../harness/kernels.js';
import { askingMessage } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';
import { measureHttp } from '../load/measure-http.js';

const WORKERS = [1, 2, 4];
const SMOKE_WORKERS = [1, 2];
const AGENTS = 8;

const names = (kind: string): string[] =>
  Array.from({ length: AGENTS }, (_, i) => `${kind}-000${i}`);

/** What more workers bring: to agents with next to no work, and to agents that work. */
export async function run(context: Context): Promise<void> {
  const servers = new Map<number, CaxtonServer>();
  try {
    for (const workers of context.smoke ? SMOKE_WORKERS : WORKERS) {
      const server = await CaxtonServer.start({ workers });
      servers.set(workers, server);
      for (const name of names('echo')) await server.deploy(name, echoAgent());
      for (const name of names('busy')) await server.deploy(name, compileAssembly('busy'));
    }
    if (!context.smoke) await compare(context, servers, 'echo', 'eight agents that answer at once');
    await compare(context, servers, 'busy', 'eight agents that work for some 40 µs');
  } finally {
    for (const server of servers.values()) await server.stop();
  }
}

async function compare(
  context: Context,
  servers: ReadonlyMap<number, CaxtonServer>,
  kind: string,
  note: string,
): Promise<void> {
  const ask = (server: CaxtonServer) => () =>
    measureHttp({
      url: server.url('/api/v1/messages?wait=true'),
      message: names(kind).map(askingMessage),
      connections: 64,
      seconds: context.seconds(1),
      server,
    });
  const turns = [...servers].map(([workers, server]) => [String(workers), ask(server)]);
  const rates = await takeTurns<string>(context.rounds, Object.fromEntries(turns));
  for (const workers of servers.keys()) {
    context.report({
      name: `workers_${workers}_${kind}`,
      unit: 'requests/s',
      values: rates[String(workers)] as number[],
      ...(workers > 1 && { baselines: rates['1'] as number[], baselineIs: 'one worker' }),
      note,
    });
  }
}
