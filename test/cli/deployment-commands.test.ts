import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CliResult, runCli } from './cli-process.js';

/** What a command asked for, by a listener in place of the server: no deployment takes place. */
interface Asked {
  readonly call: string;
  readonly body: Buffer;
}

let listener: Server;
let url: string;
let folder: string;
let file: string;
let answer: object = {};
let asked: Asked | undefined;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'caxton-cli-'));
  file = join(folder, 'agent-v2.wasm');
  writeFileSync(file, 'module');
  listener = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    asked = {
      call: `${request.method} ${request.url}`,
      body: Buffer.concat(pieces),
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});
after(() => {
  listener.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], answered: object = {}): Promise<CliResult> {
  answer = answered;
  asked = undefined;
  return runCli([...args, '--server', url]);
}

/** What a command that succeeds sends. */
async function sent(args: readonly string[]): Promise<{ call: string; body: unknown }> {
  const result = await run(args);
  assert.equal(result.code, 0, result.stderr);
  const { call, body } = asked!;
  return { call, body: body.length === 0 ? undefined : JSON.parse(body.toString()) };
}

const MODULE = Buffer.from('module').toString('base64');

test('deployment create sends the module and the whole strategy', async () => {
  const canary = ['--strategy', 'canary', '--stages', '10:5m,50:10m,100', '--version', '2.0.0'];
  const limits = ['--error-threshold', '0.1', '--latency-threshold', '250', '--no-rollback'];
  assert.deepEqual(await sent(['deployment', 'create', 'my-agent', file, ...canary, ...limits]), {
    call: 'POST /api/v1/deployments',
    body: {
      agent_id: 'my-agent',
      wasm_module: MODULE,
      version: '2.0.0',
      strategy: {
        type: 'canary',
        stages: [
          { percentage: 10, duration: '5m' },
          { percentage: 50, duration: '10m' },
          { percentage: 100, duration: '0' },
        ],
        rollback_on_error: false,
        error_threshold: 0.1,
        latency_threshold_ms: 250,
      },
    },
  });
});

test('deployment create is immediate, and leaves to the server what is not said', async () => {
  const { body } = await sent(['deployment', 'create', 'my-agent', file]);
  assert.deepEqual(body, {
    agent_id: 'my-agent',
    wasm_module: MODULE,
    strategy: { type: 'immediate' },
  });
  const rolling = await sent([
    ...['deployment', 'create', 'my-agent', file, '--strategy', 'rolling', '--batch-size', '2'],
  ]);
  assert.deepEqual((rolling.body as { strategy: object }).strategy, {
    type: 'rolling',
    batch_size: 2,
  });
});

test('deployment create refuses stages and numbers that are none', async () => {
  const refused = async (...options: string[]) => {
    const result = await run(['deployment', 'create', 'my-agent', file, ...options]);
    assert.equal(result.code, 2);
    assert.equal(asked, undefined);
    return result.stderr;
  };
  assert.match(await refused('--stages', 'ten:5m'), /PERCENTAGE:DURATION/);
  assert.match(await refused('--stages', '10:soon'), /Write a number with ms, s, m, h or d/);
  assert.match(await refused('--error-threshold', '5%'), /Write a number from 0 to 1/);
  assert.match(await refused('--strategy', 'graceful'), /canary/);
});

test('deployment status shows the facts and the stages', async () => {
  const shown = await run(['deployment', 'status', 'deploy_888'], {
    deployment_id: 'deploy_888',
    status: 'in_progress',
    current_stage: 2,
    metrics: { success_rate: 0.98, error_count: 5, latency_p99: 125.5 },
    stages: [
      { stage: 1, percentage: 10, status: 'completed', started_at: 'a', completed_at: 'b' },
      { stage: 2, percentage: 50, status: 'in_progress', started_at: 'b' },
    ],
  });
  assert.equal(asked!.call, 'GET /api/v1/deployments/deploy_888');
  assert.match(shown.stdout, /^deployment_id +deploy_888\nstatus +in_progress\n/);
  assert.match(shown.stdout, /\nsuccess_rate +0\.9800\nerror_count +5\nlatency_p99_ms +125\.5\n/);
  assert.match(shown.stdout, /\n\nSTAGE +PERCENTAGE .*\n1 +10% +completed +a +b\n2 +50% /);
});

test('deployment rollback sends the reason, and an id is escaped', async () => {
  assert.deepEqual(await sent(['deployment', 'rollback', 'a/b', '--reason', 'too slow']), {
    call: 'POST /api/v1/deployments/a%2Fb/rollback',
    body: { reason: 'too slow' },
  });
});

test('deployment list narrows the list down and pages', async () => {
  const listed = await run(
    [
      ...['deployment', 'list', '--agent', 'my-agent', '--status', 'failed'],
      ...['--limit', '1', '--offset', '2'],
    ],
    {
      deployments: [{ deployment_id: 'deploy_1', strategy: 'canary', current_percentage: 0 }],
      total: 9,
      next_offset: 3,
    },
  );
  assert.equal(
    asked!.call,
    'GET /api/v1/deployments?agent_id=my-agent&status=failed&limit=1&offset=2',
  );
  assert.match(listed.stdout, /^CREATED +STRATEGY +STATUS +SHARE /);
  assert.match(listed.stdout, /\n1 of 9 deployments; the next page: --offset 3\n$/);
});

test('agent reload sends the module and its config', async () => {
  const options = ['--strategy', 'traffic_splitting', '--traffic-split', '10', '--trial', '30s'];
  const result = await run(['agent', 'reload', 'my-agent', file, ...options], {
    hot_reload_id: 'reload_789',
    status: 'in_progress',
  });
  assert.match(result.stdout, /^hot_reload_id +reload_789\nstatus +in_progress\n$/);
  assert.equal(asked!.call, 'PUT /api/v1/agents/my-agent/reload');
  assert.deepEqual(JSON.parse(asked!.body.toString()), {
    wasm_module: MODULE,
    config: { strategy: 'traffic_splitting', traffic_split: 10, trial: '30s' },
  });
});

test('agent update sends what changes, and nothing else', async () => {
  const changes = ['--memory', '100MB', '--strategy', 'blue_green', '--wasm', file];
  assert.deepEqual(await sent(['agent', 'update', 'my-agent', ...changes]), {
    call: 'PUT /api/v1/agents/my-agent',
    body: {
      wasm_module: MODULE,
      config: { resources: { memory: '100MB' } },
      strategy: 'blue_green',
    },
  });
  const one = await sent(['agent', 'update', 'my-agent', '--env', 'MODE=new']);
  assert.deepEqual(one.body, { config: { environment: { MODE: 'new' } } });
});

test('agent update asks for something to change', async () => {
  const result = await run(['agent', 'update', 'my-agent', '--strategy', 'rolling']);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /Nothing would change: give --wasm FILE/);
  assert.equal(asked, undefined);
});
