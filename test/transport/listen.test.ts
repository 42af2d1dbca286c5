import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import { listenHttp } from '../../src/transport/listen.js';
import { loadUws, type UwsApp } from '../../src/transport/uws-loader.js';

const uws = loadUws();
const appOf = (text: string): UwsApp => uws.App().any('/*', (response) => response.end(text));

test('port 0 binds a free port, which serves until the listener is closed', async () => {
  const listener = await listenHttp(uws, appOf('here'), '127.0.0.1', 0);
  const url = `http://127.0.0.1:${listener.port}/`;
  assert.equal(await (await fetch(url)).text(), 'here');
  listener.close();
  await assert.rejects(fetch(url));
});

test('a port that is taken is refused with what to do', async () => {
  const first = await listenHttp(uws, appOf('first'), '127.0.0.1', 0);
  try {
    await assert.rejects(
      listenHttp(uws, appOf('second'), '127.0.0.1', first.port),
      (error: unknown) =>
        error instanceof CaxtonError &&
        error.code === 'UNAVAILABLE' &&
        error.message.includes(`127.0.0.1:${first.port}`) &&
        error.message.includes('--http'),
    );
  } finally {
    first.close();
  }
});

test('a listener that stopped takes no more connections and closes twice without harm', async () => {
  const listener = await listenHttp(uws, appOf('here'), '127.0.0.1', 0);
  listener.stopListening();
  await assert.rejects(fetch(`http://127.0.0.1:${listener.port}/`));
  listener.stopListening();
  listener.close();
});
