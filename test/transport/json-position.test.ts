import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CaxtonError } from '../../src/base/errors.js';
import { jsonErrorPosition } from '../../src/transport/json-position.js';
import { parseJson } from '../../src/transport/parse-json.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('the position of the first character that can not be JSON is found', () => {
  const broken: Array<[string, number]> = [
    ['', 0],
    ['   ', 3],
    ['nope', 0],
    ['{"a":1', 6],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['[1 2]', 3],
    ['[1,]', 3],
    ['{}}', 2],
    ['"open', 5],
    ['"tab\there"', 4],
    ['"\\x"', 1],
    ['[01]', 1],
    ['{"a":[1,{"b":tru}]}', 13],
    ['1 1', 2],
  ];
  for (const [text, position] of broken) {
    assert.equal(isJson(text), false, text);
    assert.equal(jsonErrorPosition(text), position, text);
  }
});

test('a position is found exactly when the text is no JSON', () => {
  const pieces = ['{', '}', '[', ']', ':', ',', '"a"', '"\\u00e9"', ' ', '\n', '-', '0', '12.5e3'];
  const soup = fc
    .array(fc.constantFrom(...pieces, 'true', 'null', '"', '\\', '.'), { maxLength: 12 })
    .map((parts) => parts.join(''));
  const mutated = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', ':', '0', '\\', ' ', 'x'))
    .map(([text, at, put]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + put + text.slice(cut + 1);
    });
  fc.assert(
    fc.property(fc.oneof(fc.json(), soup, mutated), (text) => {
      const position = jsonErrorPosition(text);
      assert.equal(position === undefined, isJson(text));
      if (position !== undefined) assert.ok(position >= 0 && position <= text.length);
    }),
    { numRuns: 3_000 },
  );
});

test('nesting of any depth is scanned without using up the stack', () => {
  const depth = 1_000_000;
  assert.equal(jsonErrorPosition('['.repeat(depth)), depth);
  assert.equal(jsonErrorPosition('['.repeat(depth) + ']'.repeat(depth)), undefined);
});

test('the refusal names field, position and what stands there', () => {
  assert.throws(
    () => parseJson(Buffer.from('{"a":oops}'), 1_000, 'config', 'config'),
    (error: unknown) =>
      error instanceof CaxtonError &&
      error.code === 'INVALID_REQUEST' &&
      error.details.field === 'config' &&
      error.details.position === 5 &&
      error.message.includes('oops'),
  );
});
