import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { runProgram } from '../harness/child.js';
import { makeFolder, removeFolder } from '../harness/leftovers.js';

export interface HttpLoad {
  readonly url: string;
  /** Sent in turns. */
  readonly bodies: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

export interface HttpResult {
  /** Answers of success in a second. */
  readonly perSecond: number;
  readonly succeeded: number;
  /** Other answers, which are no work done. */
  readonly refused: number;
}

const hasWrk = spawnSync('wrk', ['-v']).error === undefined;

/** The generator's name: wrk where it is installed, since it leaves more of the machine to servers. */
export const httpGenerator = hasWrk ? 'wrk' : 'autocannon';

/** POSTs bodies in a closed loop on each connection, from another process or thread. */
export async function applyHttpLoad(load: HttpLoad): Promise<HttpResult> {
  const result = await (hasWrk ? withWrk(load) : withAutocannon(load));
  if (result.succeeded === 0) throw new Error(`${load.url} answered nothing with success`);
  return result;
}

async function withWrk({ url, bodies, connections, seconds }: HttpLoad): Promise<HttpResult> {
  const folder = makeFolder();
  const script = join(folder, 'post.lua');
  writeFileSync(script, wrkScript(bodies));
  try {
    // It counts in whole seconds, and tells what it has when it is interrupted.
    const duration = `-d${Math.ceil(seconds)}s`;
    const args = ['-t1', `-c${connections}`, duration, '-s', script, url];
    const out = await runProgram(
      'wrk',
      args,
      Number.isInteger(seconds) ? undefined : seconds * 1_000,
    );
    const answers = /(\d+) requests in ([\d.]+)(\w+)/.exec(out);
    const rate = /Requests\/sec:\s*([\d.]+)/.exec(out);
    if (answers === null || rate === null) throw new Error(`wrk printed no rate:\n${out}`);
    const answered = Number(answers[1]);
    const refused = Number(/Non-2xx or 3xx responses:\s*(\d+)/.exec(out)?.[1] ?? 0);
    const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(out);
    if (errors?.slice(1).some((count) => count !== '0')) throw new Error(errors[0]);
    const succeeded = answered - refused;
    return { perSecond: (Number(rate[1]) * succeeded) / answered, succeeded, refused };
  } finally {
    removeFolder(folder);
  }
}

// Requests are put together before the load begins.
function wrkScript(bodies: readonly string[]): string {
  const head = 'wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\n';
  if (bodies.length === 1) return `${head}wrk.body = [==[${bodies[0]}]==]\n`;
  const list = bodies.map((body) => `[==[${body}]==]`).join(',\n');
  return `${head}local bodies = {\n${list}\n}
local requests = {}
local at = 0
function init()
  for i, body in ipairs(bodies) do requests[i] = wrk.format(nil, nil, nil, body) end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
`;
}

async function withAutocannon(load: HttpLoad): Promise<HttpResult> {
  const result = await autocannon({
    url: load.url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    requests: load.bodies.map((body) => ({ body })),
    connections: load.connections,
    duration: Math.max(1, Math.round(load.seconds)),
    workers: 1,
  });
  if (result.errors > 0 || result.timeouts > 0) {
    throw new Error(`${result.errors} errors and ${result.timeouts} timeouts at ${load.url}`);
  }
  return {
    perSecond: result['2xx'] / result.duration,
    succeeded: result['2xx'],
    refused: result.non2xx,
  };
}
