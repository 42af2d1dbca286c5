import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import {
  assertBindable,
  formatEndpoint,
  isLoopback,
  parseEndpoint,
} from '../../src/config/endpoint.js';
import { loadConfig } from '../../src/config/load-config.js';
import { createToken } from '../../src/config/tokens.js';

test('endpoints are read and written back', () => {
  for (const text of ['127.0.0.1:8080', 'localhost:0', '[::1]:65535', 'caxton.example:443']) {
    assert.equal(formatEndpoint(parseEndpoint(text, 'http')), text);
  }
  assert.deepEqual(parseEndpoint(' [::1]:80 ', 'http'), { host: '::1', port: 80 });
});

test('what is not HOST:PORT is refused by the name of its field', () => {
  for (const text of [
    '',
    ':80',
    'host',
    'host:',
    'host:x',
    'host:65536',
    '[x]:1',
    'http://h:1',
    '::1',
  ]) {
    assert.throws(
      () => parseEndpoint(text, 'grpc'),
      (error) => error instanceof CaxtonError && error.details.field === 'grpc',
      text,
    );
  }
});

test('loopback is told from addresses that others can reach', () => {
  for (const host of ['127.0.0.1', '127.9.8.7', '::1', 'localhost', 'LOCALHOST']) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '127.evil.example', 'example']) {
    assert.ok(!isLoopback(host), host);
  }
});

test('without tokens only loopback may be bound, by http and by grpc', () => {
  assertBindable(loadConfig());
  const open = loadConfig({ flags: { http: '0.0.0.0:1', grpc: '[::]:2' } });
  assert.throws(
    () => assertBindable(open),
    (error) => {
      assert.ok(error instanceof CaxtonError);
      assert.equal(error.code, 'INVALID_REQUEST');
      assert.deepEqual(error.details.fields, ['http.host', 'grpc.host']);
      assert.match(error.message, /http on 0\.0\.0\.0:1 and grpc on \[::\]:2.*caxton token create/);
      return true;
    },
  );
  assert.throws(() => assertBindable(loadConfig({ flags: { grpc: '0.0.0.0:2' } })), /grpc on/);
});

test('with a token any address may be bound', () => {
  const tokens = [{ name: 'a', sha256: createToken().sha256, role: 'admin' as const }];
  assertBindable(loadConfig({ flags: { http: '0.0.0.0:1', tokens } }));
});
