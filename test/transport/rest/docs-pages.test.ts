import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { packageRoot } from '../../../scripts/package-root.js';
import { createToken } from '../../../src/config/tokens.js';
import { request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js'];
const PAGES = [
  '/openapi.json',
  '/docs',
  '/docs/start.js',
  ...ASSETS.map((name) => `/docs/${name}`),
];

let server: TestServer;
const secret = createToken();

before(async () => {
  server = await startTestServer({
    tokens: [{ name: 'keeper-of-keys', role: 'admin', sha256: secret.sha256 }],
  });
});
after(() => server?.close());

describe('the pages of the documentation', () => {
  test('need no token, where everything else does', async () => {
    for (const page of PAGES) assert.equal((await request(server.url + page, 'GET')).status, 200);
    assert.equal((await request(`${server.url}/api/v1/agents`, 'GET')).status, 401);
  });

  test('tell nothing of the server’s own settings', async () => {
    const { text } = await request(`${server.url}/openapi.json`, 'GET');
    for (const own of ['keeper-of-keys', secret.sha256, server.dataDir, server.grpcAddress]) {
      assert.ok(!text.includes(own));
    }
  });

  test('have the files of the library as they are', async () => {
    const folder = join(packageRoot(import.meta.url), 'node_modules/swagger-ui-dist');
    for (const name of ASSETS) {
      const { text } = await request(`${server.url}/docs/${name}`, 'GET');
      assert.equal(text, readFileSync(join(folder, name), 'utf8'));
    }
  });

  test('let a browser load from this server alone', async () => {
    for (const page of PAGES) {
      const { headers } = await request(server.url + page, 'GET');
      const policy = headers.get('content-security-policy')!;
      assert.match(policy, /^default-src 'none';/);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('access-control-allow-origin'), null);
    }
    const { text } = await request(`${server.url}/docs`, 'GET');
    const addresses = [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1]!);
    assert.ok(addresses.length >= 4);
    for (const address of addresses) assert.doesNotMatch(address, /^(?:https?:|\/)/);
    assert.doesNotMatch(text, /<script>|<style|\son\w+=|style=/);
  });

  test('are not sent again to who has them', async () => {
    for (const page of PAGES) {
      const first = await request(server.url + page, 'GET');
      const etag = first.headers.get('etag')!;
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await request(server.url + page, 'GET', undefined, {
          'if-none-match': known,
        });
        assert.equal(again.status, 304);
        assert.equal(again.text, '');
        assert.equal(again.headers.get('etag'), etag);
      }
      const other = await request(server.url + page, 'GET', undefined, { 'if-none-match': '"x"' });
      assert.equal(other.status, 200);
    }
  });

  test('answer HEAD with their length, and other methods with 405', async () => {
    for (const page of PAGES) {
      const { headers, text } = await request(server.url + page, 'HEAD');
      const { text: body } = await request(server.url + page, 'GET');
      assert.equal(text, '');
      // fetch takes a byte order mark off the text.
      const lengthBytes = Number(headers.get('content-length'));
      assert.ok([0, 3].includes(lengthBytes - Buffer.byteLength(body)), page);
      const refused = await request(server.url + page, 'POST', {});
      assert.equal(refused.status, 405);
      assert.equal(refused.headers.get('allow'), 'GET, HEAD');
    }
  });

  test('are found with a slash at the end, also behind a proxy’s prefix', async () => {
    const answer = await fetch(`${server.url}/docs/`, { redirect: 'manual' });
    assert.equal(answer.status, 308);
    const location = answer.headers.get('location')!;
    assert.equal(new URL(location, 'http://x/prefix/docs/').pathname, '/prefix/docs');
  });

  test('reach many clients whole that begin to read late', async () => {
    const url = `${server.url}/docs/swagger-ui-bundle.js`;
    const answers = await Promise.all(
      Array.from(
        { length: 20 },
        () =>
          new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
            httpRequest(url, { agent: false }, resolve).on('error', reject).end();
          }),
      ),
    );
    // All have their heads, and nobody has read a body yet, which is more than a socket holds.
    const lengths = await Promise.all(
      answers.map(async (answer) => {
        let bytes = 0;
        for await (const chunk of answer) bytes += (chunk as Buffer).byteLength;
        return bytes === Number(answer.headers['content-length']);
      }),
    );
    assert.ok(lengths.every(Boolean));
  });

  test('survive clients that leave in the middle', async () => {
    const url = `${server.url}/docs/swagger-ui-bundle.js`;
    for (let i = 0; i < 10; i++) {
      await new Promise<void>((resolve, reject) => {
        const sent = httpRequest(url, { agent: false }, (answer) => {
          answer.destroy();
          resolve();
        });
        sent.on('error', reject).end();
      });
    }
    assert.equal((await request(`${server.url}/docs`, 'GET')).status, 200);
  });
});
