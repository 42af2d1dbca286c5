import type { ApiOperation, DescribedApi, Parameter, Schema } from './described-api.js';
import type { Body, FuzzRequest } from './requests.js';
import type { Things } from './things.js';
import type { Json } from './values.js';

const BOUNDARY = 'caxton-fuzz';
const NO_FIELDS: Schema = { type: 'object', properties: {}, additionalProperties: false };

/** A request as it goes over the wire. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** The document does not allow it, so that it may not be done. */
  readonly violates: boolean;
}

/** Fills in what the server told of, and finds out whether the document allows the outcome. */
export function toSend(request: FuzzRequest, api: DescribedApi, things: Things): SentRequest {
  const { operation } = request;
  const path = new Map(Object.entries(request.path).map(([k, v]) => [k, things.fill(v)]));
  const query = request.query.map(([name, text]) => [name, things.fill(text)] as const);
  const { bytes, type, violates } = bodyToSend(request.body, operation, api, things);
  const target = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encoded(path.get(name)!),
  );
  const search = query.map(([name, text]) => `${encoded(name)}=${encoded(text)}`).join('&');
  return {
    method: operation.method,
    url: search === '' ? target : `${target}?${search}`,
    headers: { ...request.headers, ...(type === '' ? {} : { 'content-type': type }) },
    body: bytes,
    violates:
      violates ||
      [...path].some(([name, text]) => !allowed(operation, 'path', name, text, api)) ||
      query.some(([name, text]) => !allowed(operation, 'query', name, text, api)) ||
      operation.parameters.some(
        (p) => p.in === 'query' && p.required && !query.some(([name]) => name === p.name),
      ),
  };
}

interface BodyToSend {
  readonly bytes: Buffer | undefined;
  readonly type: string;
  readonly violates: boolean;
}

function bodyToSend(
  body: Body,
  { method, body: schema = NO_FIELDS, config }: ApiOperation,
  api: DescribedApi,
  things: Things,
): BodyToSend {
  switch (body.kind) {
    case 'none':
      return {
        bytes: undefined,
        type: '',
        violates: method !== 'GET' && method !== 'DELETE' && !api.allows(schema, {}),
      };
    case 'json': {
      const text = things.fillJson(body.value);
      return {
        bytes: Buffer.from(text),
        type: body.type,
        violates: !api.allows(schema, JSON.parse(text)),
      };
    }
    case 'form': {
      const text = things.fillJson(body.config);
      const module = Buffer.from(things.fill(body.module), 'base64');
      return {
        bytes: form(module, text),
        type: `multipart/form-data; boundary=${BOUNDARY}`,
        violates: config !== undefined && !api.allows(config, JSON.parse(text)),
      };
    }
    case 'raw':
      return {
        bytes: Buffer.from(body.text, 'latin1'),
        type: body.type,
        violates: body.type === 'application/json' && !allowsText(body.text, schema, api),
      };
  }
}

function form(module: Buffer, config: string): Buffer {
  const part = (name: string) => `--${BOUNDARY}\r\ncontent-disposition: form-data; ${name}\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(part('name="wasm"; filename="a.wasm"')),
    module,
    Buffer.from(`\r\n${part('name="config"')}${config}\r\n--${BOUNDARY}--\r\n`),
  ]);
}

function allowsText(latin1: string, schema: Schema, api: DescribedApi): boolean {
  if (latin1 === '') return api.allows(schema, {});
  try {
    return api.allows(schema, JSON.parse(Buffer.from(latin1, 'latin1').toString()) as Json);
  } catch {
    return false;
  }
}

/** Whether the document has the parameter and allows its text, read as the type it is of. */
function allowed(
  operation: ApiOperation,
  place: Parameter['in'],
  name: string,
  text: string,
  api: DescribedApi,
): boolean {
  const parameter = operation.parameters.find((p) => p.in === place && p.name === name);
  // What is percent-encoded already stands for another text.
  if (parameter === undefined || text.startsWith('%')) return parameter !== undefined;
  const { type } = api.resolve(parameter.schema);
  const value = type === 'string' || type === undefined ? text : parsed(text);
  return api.allows(parameter.schema, value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Percent-encoded, but for text that begins as if it were: that goes as it is. */
function encoded(text: string): string {
  if (/^%[\w%]*$/.test(text)) return text;
  return Array.from(Buffer.from(text), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_~-]/.test(character)
      ? character
      : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  }).join('');
}
