import { echoAgent } from '../harness/agents.js';
import { CaxtonServer } from '../harness/caxton.js';
import { runScript } from '../harness/child.js';
import type { Context } from '../harness/context.js';
import { canReadMemory, residentBytes } from '../harness/process-memory.js';
import { askingMessage } from '../harness/sample-message.js';
import { median } from '../harness/statistics.js';
import type { HttpClientInput, HttpClientResult, Stretch } from '../load/http-client.js';

const ECHO = 'echo-0001';
const CONNECTIONS = 64;
const MINUTES = 10;
const STRETCH_SECONDS = 10;
/** Of the top rate. */
const SHARE = 0.8;
const MB = 1_000_000;

/** Ten minutes at four fifths of the top rate: whether memory and latency stay as they are. */
export async function run(context: Context): Promise<void> {
  const server = await CaxtonServer.start();
  try {
    await server.deploy(ECHO, echoAgent());
    const load = (input: Pick<HttpClientInput, 'seconds' | 'rate' | 'intervalSeconds'>) =>
      runScript<HttpClientResult>('load/http-client.js', {
        port: server.httpPort,
        path: '/api/v1/messages?wait=true',
        body: JSON.stringify(askingMessage(ECHO)),
        connections: CONNECTIONS,
        warmSeconds: context.smoke ? 1 : 5,
        ...input,
      } satisfies HttpClientInput);
    const top = await load({ seconds: context.seconds(10) });
    const rate = top.perSecond * SHARE;
    const stretchSeconds = context.smoke ? 1 : STRETCH_SECONDS;
    const memory: number[] = [];
    const sampler = setInterval(() => {
      if (canReadMemory()) memory.push(residentBytes(server.pid) / MB);
    }, stretchSeconds * 1_000);
    try {
      const seconds = context.smoke ? 6 : MINUTES * 60;
      const result = await load({ seconds, rate, intervalSeconds: stretchSeconds });
      report(context, rate, result, memory);
    } finally {
      clearInterval(sampler);
    }
  } finally {
    await server.stop();
  }
}

function report(
  context: Context,
  rate: number,
  result: HttpClientResult,
  memory: readonly number[],
): void {
  const note = `${Math.round(rate)} requests/s were due, which is ${SHARE} of the top rate`;
  context.report({ name: 'soak_rate', unit: 'requests/s', values: [result.perSecond], note });
  const p99s = result.stretches.map(({ p99_us }: Stretch) => p99_us);
  const common = { better: 'lower', note: 'each value is of one stretch of time' } as const;
  context.report({ ...common, name: 'soak_p99', unit: 'µs', values: p99s, series: true });
  reportGrowth(context, 'soak_p99_growth', p99s);
  if (memory.length === 0) return;
  context.report({ ...common, name: 'soak_memory', unit: 'MB', values: memory, series: true });
  reportGrowth(context, 'soak_memory_growth', memory);
}

/** The last fifth of the time over the second one: in the first, caches and compilers settle. */
function reportGrowth(context: Context, name: string, values: readonly number[]): void {
  const fifth = Math.max(1, Math.floor(values.length / 5));
  const growth = median(values.slice(-fifth)) / median(values.slice(fifth, 2 * fifth));
  const note = 'the last fifth of the time over the second one';
  context.report({ name, unit: '×', better: 'lower', values: [growth], note });
}
