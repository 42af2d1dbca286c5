import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createLogger } from '../../../src/base/log.js';
import { type ConfigSources, loadConfig } from '../../../src/config/load-config.js';
import { startServer } from '../../../src/server.js';
import { runCli } from '../../cli/cli-process.js';

const folder = mkdtempSync(join(tmpdir(), 'caxton-listening-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const ofThisMachine = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, family }) => !internal && family === 'IPv4')
  .map(({ address }) => address);

/** Each lets others in, or may: names lead where someone else says. */
const OPEN = [
  '0.0.0.0',
  '::',
  '::ffff:127.0.0.1',
  '0',
  '127.1',
  '127.0.0.1.example.com',
  'localhost.example.com',
  hostname(),
  ...ofThisMachine.slice(0, 1),
];

const endpoint = (host: string): string => (host.includes(':') ? `[${host}]:0` : `${host}:0`);

function configFile(text: string): string {
  const path = join(folder, 'caxton.yaml');
  writeFileSync(path, text);
  return path;
}

type Way = (api: 'http' | 'grpc', host: string) => ConfigSources;

const WAYS: Readonly<Record<string, Way>> = {
  'a flag': (api, host) => ({ flags: { [api]: endpoint(host) } }),
  'the environment': (api, host) => ({
    env: { [`CAXTON_${api.toUpperCase()}`]: endpoint(host) },
  }),
  'a variable of the host alone': (api, host) => ({
    env: { [`CAXTON_${api.toUpperCase()}__HOST`]: host },
  }),
  'the config file': (api, host) => ({ file: configFile(`${api}: '${endpoint(host)}'`) }),
};

const data = join(folder, 'data');

describe('without tokens the server listens nowhere beyond loopback', () => {
  for (const [name, way] of Object.entries(WAYS)) {
    test(`as ${name} asks`, async () => {
      for (const host of OPEN) {
        for (const api of ['http', 'grpc'] as const) {
          const sources = way(api, host);
          const config = loadConfig({ ...sources, flags: { ...sources.flags, data_dir: data } });
          await assert.rejects(startServer(config, createLogger({ level: 'silent' })), {
            code: 'INVALID_REQUEST',
            message: new RegExp(`Without tokens .* loopback only; refused: ${api} on`),
          });
          assert.ok(!existsSync(data), 'it began to start');
        }
      }
    });
  }

  test('and the program ends with the code for a wrong configuration', async () => {
    const env = { CAXTON_HTTP__HOST: '0.0.0.0', CAXTON_DATA: data };
    const { code, stderr } = await runCli(['serve'], { env });
    assert.equal(code, 2);
    assert.match(stderr, /Without tokens the server binds to loopback only; refused: http on 0/);
    assert.ok(!existsSync(data));
  });
});
