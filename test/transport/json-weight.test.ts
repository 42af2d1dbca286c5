import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { checkJsonWeight } from '../../src/transport/json-weight.js';

const CONTENT_BYTES = LIMITS.content_bytes;
const check = (text: string): void =>
  checkJsonWeight(Buffer.from(text), CONTENT_BYTES, 'body', 'The body');
const refused = (text: string, pattern: RegExp): void => {
  assert.throws(() => check(text), { code: 'INVALID_REQUEST', message: pattern });
};
const filled = (piece: string, bytes = CONTENT_BYTES): string =>
  `{"content":[${piece.repeat(Math.floor(bytes / piece.length) - 1)}0]}`;

test('whatever the largest content holds is read', () => {
  for (const piece of ['1,', '{},', '[],', '{"":1},', '{"a":1,"b":2},', '"",', '"\\u0000",']) {
    check(filled(piece));
  }
});

test('more of it is refused, by how much there is', () => {
  for (const piece of ['1,', '{},', '[],', '{"":1},', '"",']) {
    refused(filled(piece, 4 * CONTENT_BYTES), /more fields and entries than the largest content/);
  }
});

test('what stands in strings does not count, however they are escaped', () => {
  const plain = '{},"[":'.replaceAll('"', '').repeat(CONTENT_BYTES);
  check(JSON.stringify({ wasm_module: plain }));
  check(JSON.stringify({ wasm_module: `\\"${plain}\\\\"${plain}\\` }));
  refused(`"\\\\"${'{},'.repeat(CONTENT_BYTES)}`, /more fields/);
  check(`"\\\\\\"${'{},'.repeat(CONTENT_BYTES)}`);
  check(`"${'\\"'.repeat(CONTENT_BYTES)}`);
});

test('depth is bounded, and goes down again with each end', () => {
  const spaces = ' '.repeat(CONTENT_BYTES);
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const most = LIMITS.message_pack_depth;
  check(spaces + nested(most));
  check(`${spaces}[${nested(most - 1)},{"a":${nested(most - 2)}}]`);
  refused(spaces + nested(most + 1), /The body is nested deeper than 1024 levels/);
});
