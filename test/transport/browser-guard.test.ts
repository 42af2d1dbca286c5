import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FlagSettings } from '../../src/config/load-config.js';
import { createToken } from '../../src/config/tokens.js';
import { RawHttp } from '../support/raw-http.js';
import { startTestServer, type TestServer } from '../support/server.js';

/*
 * What pages of web sites can make a browser send to a server on the same machine: nothing of it
 * may be done where there are no tokens. fetch would not send these headers, so they go by hand.
 */

interface Sent {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'upgrade';
  readonly host?: string;
  readonly origin?: string;
}

const BODY = JSON.stringify({ performative: 'inform', receiver: 'x', content: 1 });

function text({ method, host = '127.0.0.1:8080', origin }: Sent): string {
  const common = [`Host: ${host}`, ...(origin === undefined ? [] : [`Origin: ${origin}`])];
  if (method === 'upgrade') {
    const upgrade = [
      ...['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'],
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    return ['GET /ws HTTP/1.1', ...common, ...upgrade, '', ''].join('\r\n');
  }
  if (method !== 'POST') {
    return [`${method} /api/v1/agents/no-such HTTP/1.1`, ...common, '', ''].join('\r\n');
  }
  // A form or a fetch without a preflight sends JSON as text.
  const type = ['Content-Type: text/plain', `Content-Length: ${BODY.length}`];
  return ['POST /api/v1/messages HTTP/1.1', ...common, ...type, '', BODY].join('\r\n');
}

async function statusOf(server: TestServer, sent: Sent): Promise<number> {
  const raw = await RawHttp.connect(server.url);
  try {
    raw.write(text(sent));
    return (await raw.takeAnswer()).status;
  } finally {
    raw.close();
  }
}

function suite(title: string, flags: FlagSettings, cases: ReadonlyArray<readonly [Sent, number]>) {
  describe(title, () => {
    let server: TestServer;
    before(async () => {
      server = await startTestServer(flags);
    });
    after(() => server?.close());
    for (const [sent, status] of cases) {
      test(`${JSON.stringify(sent)} gets ${status}`, async () => {
        assert.equal(await statusOf(server, sent), status);
      });
    }
  });
}

const evil = 'https://evil.example';
suite('a server without tokens refuses what pages of web sites send', {}, [
  [{ method: 'GET', origin: evil }, 403],
  [{ method: 'POST', origin: evil }, 403],
  [{ method: 'DELETE', origin: evil }, 403],
  [{ method: 'upgrade', origin: evil }, 403],
  [{ method: 'POST', origin: 'null' }, 403],
  [{ method: 'upgrade', origin: 'null' }, 403],
  [{ method: 'upgrade', origin: 'https://localhost.evil.example' }, 403],
  [{ method: 'upgrade', origin: 'https://localhost@evil.example' }, 403],
  // Rebinding: the page's own name leads here, and what it reads is of its own site.
  [{ method: 'GET', host: 'evil.example:8080' }, 403],
  [{ method: 'GET', host: 'localhost.evil.example:8080' }, 403],
  [{ method: 'DELETE', host: 'evil.example' }, 403],
  [{ method: 'upgrade', host: 'evil.example', origin: 'http://evil.example' }, 403],
  [{ method: 'POST', host: 'evil.example', origin: 'http://evil.example' }, 403],
  // And takes what comes from this machine.
  [{ method: 'GET' }, 404],
  [{ method: 'GET', host: 'localhost' }, 404],
  [{ method: 'GET', host: 'LOCALHOST:80' }, 404],
  [{ method: 'GET', host: 'app.localhost:3000' }, 404],
  [{ method: 'GET', host: '[::1]:8080' }, 404],
  [{ method: 'GET', host: '192.0.2.1' }, 404],
  [{ method: 'GET', origin: 'http://localhost:3000' }, 404],
  [{ method: 'upgrade', origin: 'http://[::1]:5173' }, 101],
  [{ method: 'upgrade' }, 101],
  // Another program of this machine may leave the type at that; it is refused as unreadable.
  [{ method: 'POST' }, 400],
]);

suite('allowed_hosts lets in those behind a proxy', { allowed_hosts: ['caxton.internal'] }, [
  [{ method: 'GET', host: 'caxton.internal', origin: 'https://caxton.internal' }, 404],
  [{ method: 'GET', host: 'Caxton.Internal:8080' }, 404],
  [{ method: 'upgrade', host: 'caxton.internal', origin: 'https://caxton.internal' }, 101],
  [{ method: 'GET', host: 'other.internal' }, 403],
  [{ method: 'GET', host: 'caxton.internal', origin: evil }, 403],
]);

const tokens = [{ name: 'a', role: 'admin' as const, sha256: createToken().sha256 }];
suite('a server with tokens asks for a token, and for nothing else', { tokens }, [
  [{ method: 'GET', host: 'evil.example' }, 401],
  [{ method: 'POST', origin: evil }, 401],
  [{ method: 'upgrade', origin: evil }, 401],
]);
