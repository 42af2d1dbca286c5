import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Level, pino } from 'pino';
import { Api } from '../../src/api/api.js';
import { agentNotFound } from '../../src/base/errors.js';
import { startGrpc } from '../../src/transport/grpc/server.js';
import { reportError } from '../../src/transport/http-reply.js';
import { withRuntime } from '../support/runtime.js';
import { GrpcTestClient } from './grpc/client.js';

interface Line {
  readonly trace_id: string;
  readonly code?: string;
  readonly level: number;
}

function logAt(level: Level) {
  const lines: Line[] = [];
  const logger = pino({ level }, { write: (line: string) => lines.push(JSON.parse(line) as Line) });
  return { lines, logger };
}

test('a refusal is logged with its trace id at level debug, and not above it', () => {
  const debug = logAt('debug');
  reportError(agentNotFound('nobody'), 'trace-1', debug.logger);
  assert.equal(debug.lines.length, 1);
  const [line] = debug.lines;
  assert.equal(line!.level, pino.levels.values.debug);
  assert.equal(line!.code, 'AGENT_NOT_FOUND');
  assert.equal(line!.trace_id, 'trace-1');
  const info = logAt('info');
  reportError(agentNotFound('nobody'), 'trace-1', info.logger);
  assert.equal(info.lines.length, 0);
  reportError(new TypeError('a defect'), 'trace-2', info.logger);
  assert.equal(info.lines[0]!.trace_id, 'trace-2');
});

test('a refused gRPC call is logged with its trace id', () =>
  withRuntime({}, async ({ runtime }) => {
    const { lines, logger } = logAt('debug');
    const api = new Api(runtime);
    const server = await startGrpc({ api, host: '127.0.0.1', port: 0, logger });
    const client = new GrpcTestClient(`127.0.0.1:${server.port}`);
    try {
      await assert.rejects(client.call('AgentService/GetAgent', { agent_id: 'nobody' }));
      const line = lines.find(({ code }) => code === 'AGENT_NOT_FOUND');
      assert.match(line?.trace_id ?? '', /^[0-9a-f]{32}$/);
    } finally {
      client.close();
      await server.close();
    }
  }));
