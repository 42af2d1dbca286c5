import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOfPeer, canonicalAddress } from '../../src/transport/client-address.js';

test('an address has one text, however it is written', () => {
  for (const [written, text] of [
    ['127.0.0.1', '127.0.0.1'],
    ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
    ['::1', '::1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['0000:0000:0000:0000:0000:ffff:7f00:0001', '127.0.0.1'],
    ['unknown', 'unknown'],
    ['not:an:address', 'not:an:address'],
    ['', ''],
  ] as const) {
    assert.equal(canonicalAddress(written), text);
  }
});

test('the port is taken off a peer', () => {
  assert.equal(addressOfPeer('127.0.0.1:50123'), '127.0.0.1');
  assert.equal(addressOfPeer('::1:50123'), '::1');
  assert.equal(addressOfPeer('[::1]:50123'), '::1');
  assert.equal(addressOfPeer('unknown'), 'unknown');
});
