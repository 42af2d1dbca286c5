import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CaxtonClient } from '@caxton/sdk';
import { packageRoot } from '../../scripts/package-root.js';
import { eventually } from '../support/eventually.js';
import { guest } from '../support/guests.js';
import { startTestServer } from '../support/server.js';
import { readRepositoryFile } from '../tidy/source-tree.js';

const KEY = 'your-api-key';

/** The first example of the SDK's page, which is that of the API reference. */
function example(): string {
  const found = /```js\n([\s\S]*?)```/.exec(readRepositoryFile('sdk/typescript/README.md'));
  return found?.[1] as string;
}

test('the example of the API reference runs as printed, but for its address and file', async () => {
  const sha256 = createHash('sha256').update(KEY).digest('hex');
  const folder = await mkdtemp(join(tmpdir(), 'caxton-example-'));
  const server = await startTestServer({ tokens: [{ name: 'one', role: 'admin', sha256 }] });
  const client = new CaxtonClient({ endpoint: server.url, apiKey: KEY });
  const file = join(folder, 'agent.wasm');
  await writeFile(file, await guest('trap-unreachable'));
  const program = example()
    .replace("'http://localhost:8080'", JSON.stringify(server.url))
    .replace("'agent.wasm'", JSON.stringify(file));
  assert.ok(program.includes(server.url) && program.includes(folder));

  // With --eval Node.js has fs and its other modules at hand, which the example takes for granted.
  const shown = 'console.log(JSON.stringify({ agent, response }));';
  const run = spawn(process.execPath, ['--input-type=module', '--eval', `${program}\n${shown}`], {
    cwd: packageRoot(import.meta.url),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaints = '';
  run.stdout.on('data', (text: Buffer) => {
    output += text.toString();
  });
  run.stderr.on('data', (text: Buffer) => {
    complaints += text.toString();
  });
  try {
    const line = await eventually('the agent is there and has a message', () => {
      assert.equal(run.exitCode, null, complaints);
      return /^\{.*\}$/m.exec(output)?.[0];
    });
    const { agent, response } = JSON.parse(line);
    assert.match(agent.id, /^agent_/);
    assert.equal(agent.name, 'my-agent');
    assert.equal(agent.resource_limits.memory, '50MB');
    assert.match(response.message_id, /^msg_/);
    assert.ok(['delivered', 'queued'].includes(response.status));

    await eventually('the event comes', async () => {
      // The agent fails each message, and for good after some.
      await client
        .sendMessage({ performative: 'inform', receiver: 'my-agent' })
        .catch(() => client.startAgent('my-agent').catch(() => {}));
      return output.includes('Agent failed:');
    });
    assert.match(output, /type: 'agent\.failed'/);
    assert.equal(complaints, '');
  } finally {
    run.kill();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
