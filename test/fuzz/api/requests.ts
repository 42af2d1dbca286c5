import fc from 'fast-check';
import type { ApiOperation, DescribedApi, Parameter } from './described-api.js';
import { anyJson, anyText, type Json, Values } from './values.js';

/** What goes with a request. */
export type Body =
  | { readonly kind: 'none' }
  /** JSON; `type` is the content-type. */
  | { readonly kind: 'json'; readonly value: Json; readonly type: string }
  | { readonly kind: 'form'; readonly module: string; readonly config: Json }
  /** Bytes of which nothing is known, as latin1. */
  | { readonly kind: 'raw'; readonly text: string; readonly type: string };

/** A request before its placeholders are filled. */
export interface FuzzRequest {
  readonly operation: ApiOperation;
  /** Who asks: the name of a token, `unknown` or `none`. */
  readonly caller: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: ReadonlyArray<readonly [name: string, text: string]>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** One change that makes of an input one that is nearly right. */
interface Change {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'add';
  readonly value: Json;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat({ max: 40 }),
  how: fc.constantFrom('replace', 'replace', 'remove', 'add'),
  value: anyJson,
});

// A caller that may do everything most often, so that most requests get behind the door.
const CALLERS = ['admin', 'admin', 'admin', 'admin', 'admin', 'admin', 'admin', 'admin'];
const anyCaller = fc.constantFrom(
  ...CALLERS,
  ...['operator', 'sender', 'viewer', 'restricted', 'restricted', 'unknown', 'none'],
);

const anyHeaders = fc.record(
  {
    traceparent: fc.constantFrom(
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      '00-00000000000000000000000000000000-0000000000000000-00',
      'x'.repeat(200),
    ),
    'idempotency-key': fc.constantFrom('key-1', 'key-2', 'x'.repeat(256), 'x'.repeat(257)),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>;

/** Requests to every operation: valid ones, nearly valid ones, and ones that mean harm. */
export function anyRequest(api: DescribedApi): fc.Arbitrary<FuzzRequest> {
  const values = new Values(api);
  return fc.oneof(...api.operations.map((operation) => requestTo(operation, values)));
}

function requestTo(operation: ApiOperation, values: Values): fc.Arbitrary<FuzzRequest> {
  return fc.oneof(
    { arbitrary: request(operation, values, 'allowed'), weight: 3 },
    { arbitrary: request(operation, values, 'any'), weight: 2 },
  );
}

type Manner = 'allowed' | 'any';

function request(
  operation: ApiOperation,
  values: Values,
  manner: Manner,
): fc.Arbitrary<FuzzRequest> {
  const inPlace = (place: Parameter['in']) => operation.parameters.filter((p) => p.in === place);
  const text = ({ name, schema }: Parameter) => {
    const allowed = values.of(schema, name).map(asText);
    return manner === 'allowed' ? allowed : seldom(allowed, anyText, 3);
  };
  const path = inPlace('path').map((p) => [p.name, text(p).filter((value) => value !== '')]);
  const query = inPlace('query').map((p) =>
    seldom(fc.constant(undefined), fc.tuple(fc.constant(p.name), text(p)), 3),
  );
  const other = fc.tuple(anyText, anyText);
  const unknown = manner === 'allowed' ? [] : [seldom(fc.constant(undefined), other, 10)];
  return fc.record({
    operation: fc.constant(operation).map(shownById),
    caller: anyCaller,
    path: fc.record(Object.fromEntries(path) as Record<string, fc.Arbitrary<string>>),
    query: fc
      .tuple(...query, ...unknown)
      .map((pairs) => pairs.filter((pair) => pair !== undefined)),
    headers: seldom(fc.constant({}), anyHeaders, 3),
    body: bodyOf(operation, values, manner),
  });
}

/** The first, and the second once in so many times. */
function seldom<A, B>(first: fc.Arbitrary<A>, second: fc.Arbitrary<B>, times: number) {
  return fc.oneof({ arbitrary: first, weight: times - 1 }, { arbitrary: second, weight: 1 });
}

function bodyOf(
  { method, body, config }: ApiOperation,
  values: Values,
  manner: Manner,
): fc.Arbitrary<Body> {
  if (method === 'GET' || method === 'DELETE') return fc.constant({ kind: 'none' });
  const json = body === undefined ? fc.constant({}) : values.fields(body);
  const forms = config === undefined ? [] : [formBody(values.fields(config), values)];
  if (manner === 'allowed') return fc.oneof(jsonBody(json), ...forms);
  const nearForms = config === undefined ? [] : [formBody(nearly(values.fields(config)), values)];
  return fc.oneof(
    { arbitrary: jsonBody(nearly(json)), weight: 6 },
    ...nearForms.map((arbitrary) => ({ arbitrary, weight: 6 })),
    { arbitrary: rawBody, weight: 2 },
    { arbitrary: fc.constant<Body>({ kind: 'none' }), weight: 1 },
  );
}

function jsonBody(value: fc.Arbitrary<Json>): fc.Arbitrary<Body> {
  const type = fc.constantFrom('application/json', 'application/json; charset=utf-8');
  return fc.record({ kind: fc.constant('json' as const), value, type });
}

function formBody(config: fc.Arbitrary<Json>, values: Values): fc.Arbitrary<Body> {
  return fc.record({
    kind: fc.constant('form' as const),
    module: values.of({ type: 'string', contentEncoding: 'base64' }, 'wasm'),
    config,
  }) as fc.Arbitrary<Body>;
}

const rawBody: fc.Arbitrary<Body> = fc.record({
  kind: fc.constant('raw' as const),
  text: fc.oneof(
    fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)),
      maxLength: 60,
    }),
    fc.constantFrom(
      '{',
      '[]',
      'null',
      '1',
      '"x"',
      '{"a":1,}',
      '{"a":1}{',
      '\u00ef\u00bb\u00bf{}',
      '{"a":NaN}',
    ),
    fc.constantFrom('{"a":1,"a":2}', `${'['.repeat(100_000)}`, `{"a":${'['.repeat(50_000)}`),
    anyJson.map((value) => Buffer.from(JSON.stringify(value)).toString('latin1')),
    fc.constantFrom(
      '--b\r\ncontent-disposition: form-data; name="wasm"\r\n\r\nx\r\n--b--\r\n',
      '--b\r\ncontent-disposition: form-data; name="config"\r\n\r\n{}\r\n--b--\r\n',
      '--b\r\ncontent-disposition: form-data; name="__proto__"\r\n\r\nx\r\n--b--\r\n',
      '--b\r\n\r\n\r\n--b',
    ),
  ),
  type: fc.constantFrom(
    ...['application/json', '', 'text/plain', 'application/x-www-form-urlencoded'],
    ...['multipart/form-data; boundary=b', 'multipart/form-data', 'application/JSON;x="'],
  ),
});

function nearly(value: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.tuple(value, change).map(([json, how]) => changed(json, how));
}

/** The value with one of its fields or entries replaced or removed, or with one more. */
function changed(value: Json, { at, how, value: other }: Change): Json {
  const copy = structuredClone(value);
  const places: [holder: Record<string, Json>, key: string][] = [];
  const visit = (node: Json): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, Json>, key]);
      visit((node as Record<string, Json>)[key]!);
    }
  };
  visit(copy);
  const [holder, key] = places[at % Math.max(places.length, 1)] ?? [
    copy as Record<string, Json>,
    'x',
  ];
  if (how === 'replace') holder[key] = other;
  else if (how === 'add') holder[Array.isArray(holder) ? String(holder.length) : `${key}_`] = other;
  else if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
  return copy;
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A counterexample shows the operation's name, not all that is known of it. */
function shownById(operation: ApiOperation): ApiOperation {
  return Object.defineProperty({ ...operation }, fc.toStringMethod, { value: () => operation.id });
}
