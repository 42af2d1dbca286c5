import type { Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { agentMethods } from './methods/agents.js';
import { deploymentMethods } from './methods/deployments.js';
import { eventStreams } from './methods/events.js';
import { messageStreams } from './methods/message-streams.js';
import { messageMethods } from './methods/messages.js';
import { metricsMethods } from './methods/metrics.js';
import { taskMethods } from './methods/tasks.js';
import type { OpenStreams } from './open-streams.js';
import { PACKAGE } from './protos.js';
import { streamingHandler } from './streaming-handler.js';
import type { StreamingMethod } from './streaming-method.js';
import { type HandlerParts, unaryHandler } from './unary-handler.js';
import type { UnaryMethod } from './unary-method.js';

/** Every method of the package that has one request and one answer. */
export const UNARY_METHODS: readonly UnaryMethod[] = [
  ...agentMethods,
  ...messageMethods,
  ...metricsMethods,
  ...deploymentMethods,
  ...taskMethods,
];

/** Methods of the package on which one side or both send many messages. */
export const STREAMING_METHODS: readonly StreamingMethod[] = [...messageStreams, ...eventStreams];

/** The services of the package, by their names in it. */
export const SERVICES: readonly string[] = [
  ...new Set([...UNARY_METHODS, ...STREAMING_METHODS].map((method) => method.service)),
];

const passBytes = (bytes: Buffer): Buffer => bytes;

/** Adds the services of the package. */
export function addServices(server: Server, parts: HandlerParts, streams: OpenStreams): void {
  for (const service of SERVICES) {
    const definition: Record<string, ServiceDefinition[string]> = {};
    const handlers: UntypedServiceImplementation = {};
    for (const method of UNARY_METHODS.filter((each) => each.service === service)) {
      definition[method.name] = methodDefinition(method, false, false);
      handlers[method.name] = unaryHandler(method, parts);
    }
    for (const method of STREAMING_METHODS.filter((each) => each.service === service)) {
      const { kind } = method;
      definition[method.name] = methodDefinition(method, kind !== 'server', kind !== 'client');
      handlers[method.name] = streamingHandler(method, parts, streams);
    }
    server.addService(definition, handlers);
  }
}

function methodDefinition(
  { service, name }: { readonly service: string; readonly name: string },
  requestStream: boolean,
  responseStream: boolean,
): ServiceDefinition[string] {
  return {
    path: `/${PACKAGE}.${service}/${name}`,
    requestStream,
    responseStream,
    requestSerialize: passBytes,
    requestDeserialize: passBytes,
    responseSerialize: passBytes,
    responseDeserialize: passBytes,
  };
}
