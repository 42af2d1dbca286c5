import type protobuf from 'protobufjs';
import { allOperations } from '../../src/api/operations.js';
import { PACKAGE, parseProtos } from '../../src/transport/grpc/protos.js';
import type { TestServer } from '../support/server.js';
import { GrpcTestClient } from '../transport/grpc/client.js';
import { queryFields, type ReferenceClient, withReal } from './client.js';
import { ofMessage, toMessage } from './grpc-json.js';
import type { PrintedExchange, RealValues } from './printed/exchange.js';

export const protos = parseProtos().resolveAll();

type Fields = Record<string, unknown>;

/** Where the reference prints other fields for gRPC than for REST. */
const TO_REQUEST: Readonly<Record<string, (fields: Fields) => Fields>> = {
  ListAgents: ({ status, ...page }) => ({ status_filter: status, ...page }),
  SendMessage: (message) => ({ message }),
};

interface Method {
  /** Such as "AgentService/ListAgents". */
  readonly path: string;
  readonly name: string;
  readonly request: protobuf.Type;
  readonly response: protobuf.Type;
}

/** The method that does what a printed REST request does. */
function methodOf({ method, path, section }: PrintedExchange): Method {
  const operation = allOperations().find(
    ({ rest }) => rest.method === method && rest.path === path,
  );
  if (operation?.grpc === undefined) throw new Error(`${section} has no method of gRPC`);
  const { service, methods } = operation.grpc;
  const name = methods[0]!;
  const { requestType, responseType } = protos.lookupService(`${PACKAGE}.${service}`).methods[
    name
  ]!;
  return {
    path: `${service}/${name}`,
    name,
    request: protos.lookupType(`${PACKAGE}.${requestType}`),
    response: protos.lookupType(`${PACKAGE}.${responseType}`),
  };
}

/** The printed request as one message: what is in the path, in the query and in the body. */
function requestOf(exchange: PrintedExchange, { name, request }: Method, real: RealValues): object {
  const { form, parameters = {}, request: body = {} } = exchange;
  const fields = {
    ...withReal(parameters, real),
    ...queryFields(exchange, real),
    ...withReal(body, real),
    ...(form && { wasm_module: real[form.wasm], config: JSON.parse(form.config) as object }),
  };
  return toMessage(request, TO_REQUEST[name]?.(fields) ?? fields);
}

export function grpcReferenceClient(server: TestServer, token?: string): ReferenceClient {
  const metadata: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = new GrpcTestClient(server.grpcAddress, metadata);
  return {
    ask: async (exchange, real = {}) => {
      const method = methodOf(exchange);
      const request = requestOf(exchange, method, real);
      return ofMessage(method.response, await client.call<Fields>(method.path, request));
    },
    refusal: async (exchange, real = {}) => {
      const method = methodOf(exchange);
      const failure = await client.failure(method.path, requestOf(exchange, method, real));
      if (failure.error === undefined) throw new Error(`not Caxton's error: ${failure.message}`);
      return { status: failure.status, error: failure.error };
    },
    close: () => client.close(),
  };
}
