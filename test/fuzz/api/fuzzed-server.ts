import { createToken } from '../../../src/config/tokens.js';
import { guest, sampleAgent } from '../../support/guests.js';
import { deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

/** A server with a few agents, to be asked by callers of every role. */
export interface FuzzedServer {
  readonly server: TestServer;
  /** Such as http://127.0.0.1:40123. */
  readonly url: string;
  /** By the name of who asks; `admin` among them. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Names of agents, and of groups of them. */
  readonly agents: readonly string[];
  /** Modules in base64, some of which are none. */
  readonly modules: readonly string[];
  /** Brings back the agents that requests removed or stopped; called now and then. */
  readonly revive: () => Promise<void>;
}

const ROLES = ['admin', 'operator', 'sender', 'viewer'] as const;

export async function startFuzzedServer(): Promise<FuzzedServer> {
  const created = Object.fromEntries([...ROLES, 'restricted'].map((name) => [name, createToken()]));
  const server = await startTestServer({
    protocols: { mode: 'warn' },
    tokens: [
      ...ROLES.map((role) => ({ name: role, role, sha256: created[role]!.sha256 })),
      {
        name: 'restricted',
        role: 'operator',
        sha256: created.restricted!.sha256,
        agents: ['echo'],
      },
    ],
  });
  const tokens = Object.fromEntries(
    Object.entries(created).map(([name, { token }]) => [name, token]),
  );
  const failing = await guest('trap-unreachable');
  const ask = (path: string, body?: unknown) =>
    request(`${server.url}/api/v1/agents${path}`, 'POST', body, {
      'x-caxton-token': tokens.admin!,
    });
  const revive = async (): Promise<void> => {
    const agents = [
      [sampleAgent('echo'), { name: 'echo', capabilities: ['search:1.2'] }],
      [sampleAgent('bidder'), { name: 'bidder' }],
      [failing, { name: 'failing' }],
    ] as const;
    // One that is there already, or can't be started now, is as good as any other.
    for (const [module, config] of agents) {
      const { status } = await ask('', deployForm(module, config));
      if (status === 409) await ask(`/${config.name}/start`);
    }
  };
  await revive();
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return {
    server,
    url: server.url,
    tokens,
    agents: ['echo', 'bidder', 'failing', 'capability:search', 'broadcast:x', 'nobody'],
    revive,
    modules: [
      base64(sampleAgent('echo')),
      base64(sampleAgent('bidder')),
      base64(sampleAgent('counter')),
      base64(failing),
      base64(await guest('init-fails')),
      base64(sampleAgent('echo').subarray(0, 1_000)),
      base64(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])),
      '',
      'no base64!',
      'AAAA====',
    ],
  };
}
