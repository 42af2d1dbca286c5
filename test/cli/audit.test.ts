import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServeProcess } from './cli-process.js';

const auditLines = (stderr: string) =>
  stderr
    .split('\n')
    .filter((line) => line.includes('"audit":true'))
    .map((line) => JSON.parse(line));

test('without a file of its own the audit is in the log', async () => {
  const server = await ServeProcess.start(['--log-level', 'info']);
  try {
    assert.equal((await server.run(['agent', 'stop', 'nobody'])).code, 1);
    await server.process.says('"audit":true');
    const [line] = auditLines(server.process.stderr);
    assert.deepEqual(
      [line.who, line.operation, line.outcome, line.agent_id],
      ['anonymous', 'agents.stop', 'AGENT_NOT_FOUND', 'nobody'],
    );
  } finally {
    await server.close();
  }
});

test('in a log that shows warnings alone there is none', async () => {
  const server = await ServeProcess.start(['--log-level', 'warn']);
  try {
    assert.equal((await server.run(['agent', 'stop', 'nobody'])).code, 1);
    await server.process.signal('SIGTERM');
    assert.deepEqual(auditLines(server.process.stderr), []);
  } finally {
    await server.close();
  }
});
