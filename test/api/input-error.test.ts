import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { inputError } from '../../src/api/input-error.js';

const ajv = new Ajv2020({ strict: false, verbose: true });

function told(schema: object, value: unknown): string {
  const validate = ajv.compile({ type: 'object', properties: { field: schema } });
  assert.equal(validate({ field: value }), false);
  return inputError(validate.errors![0]!).message;
}

test('rules are told in words', () => {
  for (const [schema, value, message] of [
    [{ type: 'string' }, 1, 'field must be a string.'],
    [{ type: ['string', 'number'] }, {}, 'field must be a string or a number.'],
    [{ type: 'integer' }, 1.5, 'field must be a whole number.'],
    [{ type: 'boolean' }, 'yes', 'field must be true or false.'],
    [{ minLength: 1 }, '', 'field must not be empty.'],
    [{ minLength: 2 }, '', 'field must have at least 2 characters.'],
    [{ maxLength: 2 }, 'abc', 'field may have at most 2 characters.'],
    [{ maxProperties: 1 }, { a: 1, b: 2 }, 'field may have at most 1 entries.'],
    [
      { propertyNames: { maxLength: 1 } },
      { ab: 1 },
      'A name in field may have at most 1 characters.',
    ],
    [{ maxItems: 1 }, [1, 2], 'field may have at most 1 entries.'],
    [{ minimum: 1 }, 0, 'field must be at least 1.'],
    [{ maximum: 1 }, 2, 'field must be at most 1.'],
    [{ enum: ['a', 'b'] }, 'c', 'field must be one of a, b.'],
    [{ pattern: '^x+$', description: 'of x alone' }, 'y', 'field must be of x alone.'],
    [{ pattern: '^x+$' }, 'y', 'field must be written in another way.'],
  ] as const) {
    assert.equal(told(schema, value), message);
  }
});
