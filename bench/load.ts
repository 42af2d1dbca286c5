import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import autocannon from 'autocannon';

const execute = promisify(execFile);

export interface Load {
  readonly url: string;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  /** Answers with another status than 2xx. */
  readonly refused: number;
}

const hasWrk = spawnSync('wrk', ['-v']).error === undefined;

/** The generator's name: wrk where it is installed, since it leaves more of the machine to servers. */
export const loadGenerator = hasWrk ? 'wrk' : 'autocannon';

/** POSTs the body in a closed loop on each connection, from another process or thread. */
export function applyLoad(load: Load): Promise<LoadResult> {
  return hasWrk ? withWrk(load) : withAutocannon(load);
}

async function withWrk({ url, body, connections, seconds }: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-bench-'));
  const script = join(folder, 'post.lua');
  writeFileSync(
    script,
    `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = [==[${body}]==]\n`,
  );
  try {
    const { stdout } = await execute('wrk', [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      script,
      url,
    ]);
    const rate = /Requests\/sec:\s*([\d.]+)/.exec(stdout);
    if (rate === null) throw new Error(`wrk printed no rate:\n${stdout}`);
    const refused = /Non-2xx or 3xx responses:\s*(\d+)/.exec(stdout);
    return { requestsPerSecond: Number(rate[1]), refused: Number(refused?.[1] ?? 0) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withAutocannon({ url, body, connections, seconds }: Load): Promise<LoadResult> {
  const result = await autocannon({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    connections,
    duration: seconds,
    workers: 1,
  });
  return { requestsPerSecond: result.requests.average, refused: result.non2xx };
}
