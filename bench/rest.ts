import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { packageFile } from '../src/base/package-file.js';
import { applyLoad, type Load } from './load.js';
import { makeRow, median, type Report, type RunOptions } from './row.js';
import { sampleFor } from './sample-message.js';

const CONNECTIONS = 64;

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

/** The whole server over REST beside a bare uWebSockets.js handler, in turns. */
export async function run(report: Report, options: RunOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-bench-'));
  const started: Started[] = [];
  try {
    const bare = await start('./bare-server.js', []);
    started.push(bare);
    const ours = await start('../src/cli/main.js', [
      'serve',
      '--http=127.0.0.1:0',
      '--grpc=127.0.0.1:0',
      `--data=${folder}`,
      '--log-level=error',
      '--no-rate-limits',
    ]);
    started.push(ours);
    await deployEcho(ours.port);
    await compare(report, options, bare.port, ours.port);
  } finally {
    for (const { child } of started) {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(report: Report, options: RunOptions, bare: number, ours: number) {
  const seconds = options.smoke ? 1 : 4;
  const rounds = options.smoke ? 1 : 5;
  const path = 'api/v1/messages';
  const load = (port: number, receiver: string, act: string, query = ''): Load => ({
    url: `http://127.0.0.1:${port}/${path}${query}`,
    body: sampleFor(receiver).replace('"request"', `"${act}"`),
    connections: CONNECTIONS,
    seconds,
  });
  // The echo agent takes an inform without answering it: an agent that only consumes.
  const cases = [
    { name: 'rest_send', load: load(ours, 'echo', 'inform') },
    { name: 'rest_wait', load: load(ours, 'echo', 'request', '?wait=true') },
  ];
  const baselines: number[] = [];
  const rates = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    baselines.push((await applyLoad(load(bare, 'echo', 'inform'))).requestsPerSecond);
    for (const { name, load: ourLoad } of cases) {
      const { requestsPerSecond, refused } = await applyLoad(ourLoad);
      // Refusals are quicker than answers: they don't count as work done.
      rates.get(name)?.push(requestsPerSecond - refused / seconds);
    }
  }
  for (const [name, values] of rates) {
    const ratios = values.map((value, round) => value / (baselines[round] as number));
    report({
      ...makeRow(name, 'requests/s', median(values), median(baselines)),
      ratio: median(ratios),
    });
  }
}

async function deployEcho(port: number): Promise<void> {
  const wasm = readFileSync(packageFile('dist', 'agents', 'echo.wasm'));
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/agents`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      wasm_module: wasm.toString('base64'),
      config: { name: 'echo', resources: { mailbox: 100_000 } },
    }),
  });
  if (!response.ok) throw new Error(`deploy failed: ${await response.text()}`);
}

/** Starts a script of this package and waits for the line with its port. */
async function start(script: string, args: readonly string[]): Promise<Started> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(script, import.meta.url)), ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^port (\d+)|http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    if (port !== null) {
      child.stdout.resume();
      return { child, port: Number(port[1] ?? port[2]) };
    }
  }
  throw new Error(`${script} ended before it listened`);
}
