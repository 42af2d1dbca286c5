import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64 } from '../../../src/transport/rest/deploy-body.js';
import { refusal } from '../../support/runtime.js';

const refused = refusal('INVALID_REQUEST', { field: 'wasm_module' });

test('base64 of any bytes is read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      assert.deepEqual(decodeBase64(text, 'wasm_module'), bytes);
    }),
  );
});

test('text that is base64 by RFC 4648 is taken, and no other', () => {
  const characters = [...'AZaz09+/=-_! \n\u0141\u00fc'];
  const nearly = fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 });
  fc.assert(
    fc.property(nearly, (text) => {
      const valid = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
      if (valid) decodeBase64(text, 'wasm_module');
      else assert.throws(() => decodeBase64(text, 'wasm_module'), refused);
    }),
    { numRuns: 5_000 },
  );
});
