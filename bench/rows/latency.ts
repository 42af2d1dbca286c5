import { echoAgent } from '../harness/agents.js';
import { startBaseline } from '../harness/baseline.js';
import { CaxtonServer } from '../harness/caxton.js';
import { runScript } from '../harness/child.js';
import type { Context } from '../harness/context.js';
import { askingMessage } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';
import type { HttpClientInput, HttpClientResult } from '../load/http-client.js';

const ECHO = 'echo-0001';

/** What waiting for an agent's reply adds to the bare server's time, on one connection. */
export async function run(context: Context): Promise<void> {
  const bare = await startBaseline('bare-http');
  const server = await CaxtonServer.start();
  try {
    await server.deploy(ECHO, echoAgent());
    const results = { ours: [] as HttpClientResult[], bare: [] as HttpClientResult[] };
    const client = async (port: number, query: string): Promise<HttpClientResult> => {
      const input: HttpClientInput = {
        port,
        path: `/api/v1/messages${query}`,
        body: JSON.stringify(askingMessage(ECHO)),
        connections: 1,
        seconds: context.seconds(2),
        warmSeconds: 0.3,
      };
      return runScript<HttpClientResult>('load/http-client.js', input);
    };
    const measure = (of: keyof typeof results, port: number, query: string) => async () => {
      const result = await client(port, query);
      results[of].push(result);
      return result.perSecond;
    };
    await takeTurns(context.rounds, {
      bare: measure('bare', bare.port, ''),
      ours: async () => {
        let rate = 0;
        await server.verified(async () => {
          rate = await measure('ours', server.httpPort, '?wait=true')();
          return (results.ours.at(-1) as HttpClientResult).count;
        }, Number.POSITIVE_INFINITY);
        return rate;
      },
    });
    report(context, results);
  } finally {
    await server.stop();
    await bare.stop();
  }
}

function report(
  context: Context,
  results: { ours: readonly HttpClientResult[]; bare: readonly HttpClientResult[] },
): void {
  for (const name of ['p50', 'p99'] as const) {
    // The first turn was the warm-up.
    const ours = results.ours.slice(1).map((result) => result[`${name}_us`]);
    const bare = results.bare.slice(1).map((result) => result[`${name}_us`]);
    const better = 'lower';
    context.report({
      name: `latency_wait_${name}`,
      unit: 'µs',
      better,
      values: ours,
      baselines: bare,
      baselineIs: 'bare uWebSockets.js',
    });
    context.report({
      name: `latency_added_us_${name}`,
      unit: 'µs',
      better,
      values: ours.map((value, round) => value - (bare[round] as number)),
    });
  }
}
