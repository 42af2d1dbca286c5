import fc from 'fast-check';
import type { DescribedApi, Schema } from './described-api.js';
import { THING_OF_FIELD, thing } from './things.js';

/** Texts that mean something in a field of this name, which chance would not find. */
const VOCABULARY: Readonly<Record<string, readonly string[]>> = {
  performative: ['request', 'inform', 'query-ref', 'cfp', 'propose', 'Accept_Proposal', 'cancel'],
  protocol: ['fipa-request', 'fipa-contract-net', 'fipa-query', 'fipa-subscribe', 'contract_net'],
  memory: ['50MB', '64MiB', '2GiB', '1', '0.5 MB', '-1MB', '1e3'],
  cpu: ['100000', '100m', '1000m', '0m', '1', '10000000'],
  duration: ['0', '1ms', '1s', '5m', '8d', '1.5s', '-1s'],
  cleanup_delay: ['0', '1ms', '1s', '1h'],
  trial: ['1ms', '50ms', '1s', '1h'],
  reply_by: ['2020-01-01T00:00:00Z', '2099-01-01T00:00:00.000Z', '2099-02-30T00:00:00Z', 'soon'],
  since: [
    '2020-01-01T00:00:00Z',
    '2099-01-01T00:00:00+02:00',
    '1970-01-01',
    '-000001-01-01T00:00:00Z',
  ],
  until: ['2020-01-01T00:00:00Z', '2099-01-01T00:00:00+02:00', 'first'],
  reply_with: ['reply-1'],
  in_reply_to: ['reply-1'],
  idempotency_key: ['key-1', 'key-2'],
  version: ['1.0.0', '2.0.0', ' '],
};

/** Where the whole of a range would cost the machine, or the fuzzer's time: most of the values. */
const CALM: Readonly<Record<string, readonly [least: number, most: number]>> = {
  timeout_ms: [1, 100],
  max_wait_seconds: [0.01, 0.1],
  instances: [1, 2],
  grace_period_seconds: [0, 1],
  max_message_ms: [100, 1_000],
};

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Texts of letters that are seldom thought of. */
export const anyText = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(...['', ' ', '\n', '\u0000', '\ud800', 'é', '🦊', '__proto__', 'constructor']),
  fc.constantFrom('%', '%zz', '%ff', '%c0%80', '%00', '%2e%2e', '%2F'),
  fc.constantFrom('../..', '*', ':', 'capability:', 'broadcast:x', 'task_', 'null', 'NaN'),
  fc.constantFrom(...[128, 129, 256, 257, 1_025, 5_000].map((length) => 'x'.repeat(length))),
  fc.constant('é'.repeat(200)),
);

/** Any JSON, some of it deep, large or with keys that objects have already. */
export const anyJson: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  anyText,
  fc.constantFrom<Json>(0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, -1e308, 5e-324, -0, true, null),
  fc.constantFrom<Json>([], {}, [[]], [null], { '': '' }, { a: { b: [] } }),
  fc.constantFrom(...[126, 127, 128, 129, 2_000].map(nested)),
  fc.constantFrom<Json>(
    JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":1}}'),
    Array.from({ length: 2_000 }, (_, i) => i),
    'x'.repeat(70_000),
  ),
  fc.dictionary(anyText, anyText, { maxKeys: 3 }) as fc.Arbitrary<Json>,
);

function nested(depth: number): Json {
  let value: Json = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Values that a schema allows, those of things that exist among them. */
export class Values {
  readonly #api: DescribedApi;
  readonly #known = new Map<Schema, fc.Arbitrary<Json>>();

  constructor(api: DescribedApi) {
    this.#api = api;
  }

  /** @param name of the field, which may mean more than its type says */
  of(given: Schema, name: string): fc.Arbitrary<Json> {
    let values = this.#known.get(given);
    if (values === undefined) {
      values = this.#of(this.#api.resolve(given), name);
      this.#known.set(given, values);
    }
    return values;
  }

  /** Fields of an object: all that must be there, and a few of the others. */
  fields(given: Schema): fc.Arbitrary<Record<string, Json>> {
    const { properties = {}, required = [] } = this.#api.resolve(given);
    const optional = Object.keys(properties).filter((name) => !required.includes(name));
    return fc.subarray(optional, { maxLength: Math.min(3, optional.length) }).chain((chosen) => {
      const names = [...required, ...chosen];
      const fields = names.map((name) => [name, this.of(properties[name]!, name)]);
      return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<Json>>);
    });
  }

  #of(schema: Schema, name: string): fc.Arbitrary<Json> {
    if (schema.const !== undefined) return fc.constant(schema.const as Json);
    if (schema.enum !== undefined) return fc.constantFrom(...(schema.enum as Json[]));
    if (schema.anyOf !== undefined) {
      return fc.oneof(...schema.anyOf.map((one) => this.#of(this.#api.resolve(one), name)));
    }
    switch (schema.type) {
      case 'string':
        return this.#text(schema, name);
      case 'integer':
      case 'number':
        return number(schema, name);
      case 'boolean':
        return fc.boolean();
      case 'array':
        return this.#list(schema, name);
      case 'object':
        return schema.properties === undefined ? this.#map(schema) : this.fields(schema);
      default:
        return anyJson;
    }
  }

  #text(schema: Schema, name: string): fc.Arbitrary<string> {
    if (schema.contentEncoding === 'base64') return thing('module');
    const { minLength = 0, maxLength = 1_000, pattern } = schema;
    const short = fc.string({ minLength, maxLength: Math.min(maxLength, 12) });
    const fitting =
      pattern === undefined
        ? fc.oneof(
            { arbitrary: short, weight: 4 },
            {
              arbitrary: fc
                .constantFrom('x', 'é', '🦊', '\u0000')
                .map((c) => c.repeat(Math.min(maxLength, 2_000))),
              weight: 1,
            },
          )
        : fc.stringMatching(new RegExp(pattern.replaceAll('*', '{0,20}')));
    const words = VOCABULARY[name];
    const kind = THING_OF_FIELD[name];
    return fc.oneof(
      { arbitrary: fitting, weight: 1 },
      ...(words === undefined ? [] : [{ arbitrary: fc.constantFrom(...words), weight: 4 }]),
      ...(kind === undefined ? [] : [{ arbitrary: thing(kind), weight: 4 }]),
    );
  }

  #list({ items = {}, minItems = 0, maxItems = 4 }: Schema, name: string): fc.Arbitrary<Json> {
    return fc.array(this.of(items, name), {
      minLength: minItems,
      maxLength: Math.min(maxItems, 4),
    });
  }

  #map({ propertyNames = {}, additionalProperties = {} }: Schema): fc.Arbitrary<Json> {
    const names = this.of({ type: 'string', ...propertyNames }, '') as fc.Arbitrary<string>;
    const keys = fc.oneof(names, anyText);
    return fc.dictionary(keys, this.of(additionalProperties as Schema, ''), { maxKeys: 3 });
  }
}

function number(schema: Schema, name: string): fc.Arbitrary<number> {
  const { exclusiveMinimum, maximum = 2 ** 31 - 1, type } = schema;
  const least = schema.minimum ?? exclusiveMinimum ?? -(2 ** 31);
  const [min, max] = CALM[name] ?? [least, maximum];
  const edges = [schema.minimum, schema.maximum].filter((edge) => edge !== undefined);
  const within =
    type === 'integer'
      ? fc.integer({ min, max })
      : fc.double({ min, max, noNaN: true, minExcluded: min === exclusiveMinimum });
  if (edges.length === 0 || CALM[name] !== undefined) return within;
  return fc.oneof(
    { arbitrary: within, weight: 3 },
    { arbitrary: fc.constantFrom(...edges), weight: 1 },
  );
}
