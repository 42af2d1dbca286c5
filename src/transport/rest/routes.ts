import { type Api, outputJson } from '../../api/api.js';
import { AuditedCall } from '../../api/audit.js';
import type { Operation } from '../../api/operation.js';
import { RepliedJson } from '../../api/operations/messages.js';
import { OPERATIONS } from '../../api/operations.js';
import { invalidRequest } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { remoteAddress } from '../client-address.js';
import {
  authenticateRequest,
  HttpContext,
  idempotencyKeyOf,
  type RequestKind,
  traceparentOf,
} from '../http-context.js';
import { parseJson } from '../parse-json.js';
import type { Uws, UwsHandler, UwsRequest } from '../uws-loader.js';
import { decodeBase64, readForm } from './deploy-body.js';
import { type AnswerForm, Exchange } from './exchange.js';
import { type QueryFields, readQuery } from './query-string.js';
import {
  asFields,
  type BodyReceiver,
  bodyKind,
  checkNotCompressed,
  type HeldBodies,
  receiveBody,
} from './request-body.js';
import { PlainSendReader, sendRequest } from './send-request.js';

type Fields = Record<string, unknown>;
type AnyOperation = Operation<unknown, unknown>;

const QUERIES_KEPT = 256;
const NO_FIELDS: Fields = Object.freeze({});

export interface RestParts {
  readonly uws: Uws;
  readonly api: Api;
  readonly logger: Logger;
  readonly bodies: HeldBodies;
}

/** What is known of a route before any request. */
export class Route {
  readonly operation: AnyOperation;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `:name` for parameters, as the router wants it. */
  readonly pattern: string;
  readonly parameters: readonly string[];
  readonly query: QueryFields;
  readonly form: AnswerForm<unknown>;
  readonly readsBody: boolean;
  readonly kind: RequestKind;
  /** Whether it is the one by which messages come. */
  readonly sends: boolean;
  readonly #queries = new Map<string, Fields>();

  constructor(operation: AnyOperation) {
    const { method, path, status, query } = operation.rest;
    this.operation = operation;
    this.method = method;
    this.pattern = path.replace(/\{(\w+)\}/g, ':$1');
    this.parameters = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
    this.query = { names: query ?? [], schemas: propertiesOf(operation) };
    this.form = {
      status,
      contentType: 'application/json',
      toText: (output) => outputJson(operation as Operation<never, unknown>, output),
    };
    this.sends = operation === (OPERATIONS.sendMessage as AnyOperation);
    this.readsBody = method === 'POST' || method === 'PUT';
    this.kind = { bringsBody: this.readsBody };
  }

  /** Fields from path and query, to be read only. @throws CaxtonError INVALID_REQUEST */
  readUrl(request: UwsRequest): Fields {
    const query = request.getQuery();
    if (this.parameters.length === 0) return query ? this.#readQuery(query) : NO_FIELDS;
    const input = query ? { ...this.#readQuery(query) } : {};
    for (let i = 0; i < this.parameters.length; i++) {
      const name = this.parameters[i]!;
      input[name] = decodeParameter(request.getParameter(i) ?? '', name);
    }
    return input;
  }

  /** What a path names, as it stands there: for those who can't wait for it to be read. */
  targets(request: UwsRequest): Fields {
    return Object.fromEntries(this.parameters.map((name, i) => [name, request.getParameter(i)]));
  }

  // A client that sends a thousand messages a second sends the same query with each.
  #readQuery(query: string): Fields {
    const known = this.#queries.get(query);
    if (known !== undefined) return known;
    const fields = readQuery(query, this.query);
    if (this.#queries.size >= QUERIES_KEPT) this.#queries.clear();
    this.#queries.set(query, fields);
    return fields;
  }

  /** Puts the body's fields beside those of the URL. @throws CaxtonError INVALID_REQUEST */
  withBody(fromUrl: Fields, body: Fields): unknown {
    if (this.sends) return sendRequest(fromUrl, body);
    for (const name of Object.keys(body)) {
      if (this.parameters.includes(name) || this.query.names.includes(name)) {
        throw invalidRequest(`${name} belongs in the URL; remove it from the body.`, name);
      }
    }
    return Object.assign(body, fromUrl);
  }
}

/** The handler of a route: reads the request, calls the operation, answers. */
export function routeHandler(route: Route, parts: RestParts): UwsHandler {
  return route.readsBody ? handlerWithBody(route, parts) : handlerWithoutBody(route, parts);
}

/** Tells the audit of a request's outcome, where its operation is audited. */
function startAudit(route: Route, exchange: Exchange, request: UwsRequest, { api }: RestParts) {
  const client = remoteAddress(exchange.response);
  exchange.audited = new AuditedCall(api.audit, route.operation, client);
  exchange.audited.input = route.targets(request);
}

/**
 * Who asks, and whether that one may: known before anything of the input is read.
 * @throws CaxtonError UNAUTHORIZED, RATE_LIMITED, FORBIDDEN
 */
function admit(
  route: Route,
  exchange: Exchange,
  request: UwsRequest,
  { api }: RestParts,
): HttpContext {
  const { operation } = route;
  exchange.traceparent = traceparentOf(request);
  const principal = authenticateRequest(api, request, exchange.response, route.kind);
  if (exchange.audited !== undefined) exchange.audited.principal = principal;
  const key = route.readsBody ? idempotencyKeyOf(request) : '';
  const context = new HttpContext(principal, exchange.traceparent, key);
  exchange.context = context;
  exchange.tellRate(principal.rates, operation.rateClass);
  api.admit(operation, principal);
  return context;
}

function handlerWithoutBody(route: Route, parts: RestParts): UwsHandler {
  const { api, logger } = parts;
  const { operation, form } = route;
  const isAudited = api.audit.covers(operation);
  return (response, request) => {
    const exchange = new Exchange(response, logger);
    try {
      if (isAudited) startAudit(route, exchange, request, parts);
      const context = admit(route, exchange, request, parts);
      exchange.settle(form, api.perform(operation, route.readUrl(request), context));
    } catch (error) {
      exchange.fail(error);
    }
  };
}

function handlerWithBody(route: Route, parts: RestParts): UwsHandler {
  const { api, logger } = parts;
  const { operation, form } = route;
  const file = operation.rest.file;
  const isAudited = api.audit.covers(operation);
  const replies = route.sends ? new RepliedJson() : undefined;
  const plain = route.sends
    ? new PlainSendReader(api.runtime.config.limits.content_bytes)
    : undefined;
  return (response, request) => {
    const exchange = new Exchange(response, logger, replies);
    // All of the request is read here: it is gone when this handler returns.
    try {
      if (isAudited) startAudit(route, exchange, request, parts);
      const context = admit(route, exchange, request, parts);
      const fromUrl = route.readUrl(request);
      const contentType = request.getHeader('content-type');
      const receiver: BodyReceiver = {
        body: (bytes) => {
          try {
            const input =
              plain?.read(bytes, contentType, fromUrl) ??
              route.withBody(fromUrl, readFields(parts, bytes, contentType, file));
            if (exchange.audited !== undefined) exchange.audited.input = input;
            exchange.settle(form, api.performFor(operation, input, context, exchange));
          } catch (error) {
            exchange.fail(error);
          }
        },
        refused: (error, drained) => exchange.fail(error, { close: !drained }),
        holding: (pieces) => {
          exchange.pieces = pieces;
        },
      };
      receiveBody(response, receiver, parts.bodies, context.principal.name);
    } catch (error) {
      exchange.fail(error);
    }
  };
}

function readFields(
  { uws, api }: RestParts,
  bytes: Buffer,
  contentType: string,
  file: string | undefined,
): Fields {
  if (bytes.byteLength === 0) return {};
  checkNotCompressed(bytes);
  const kind = bodyKind(contentType, file !== undefined);
  if (kind === 'multipart') return readForm(uws, bytes, contentType, file as string);
  const contentBytes = api.runtime.config.limits.content_bytes;
  const fields = asFields(parseJson(bytes, contentBytes, 'body', "The request's body"));
  if (file !== undefined && fields[file] !== undefined) {
    fields[file] = decodeBase64(fields[file], file);
  }
  return fields;
}

function propertiesOf(operation: AnyOperation): QueryFields['schemas'] {
  return (operation.input as { properties?: QueryFields['schemas'] }).properties ?? {};
}

function decodeParameter(text: string, name: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidRequest(`${name} in the URL is not valid percent-encoding: ${text}`, name);
  }
}
