import type { Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { fileDescriptors } from './descriptors.js';
import { agentMethods } from './methods/agents.js';
import { deploymentMethods } from './methods/deployments.js';
import { messageMethods } from './methods/messages.js';
import { metricsMethods } from './methods/metrics.js';
import { taskMethods } from './methods/tasks.js';
import type { OpenStreams } from './open-streams.js';
import { PACKAGE } from './protos.js';
import { type HandlerParts, unaryHandler } from './unary-handler.js';
import type { UnaryMethod } from './unary-method.js';

/** Every method of the package. */
export const UNARY_METHODS: readonly UnaryMethod[] = [
  ...agentMethods,
  ...messageMethods,
  ...metricsMethods,
  ...deploymentMethods,
  ...taskMethods,
];

const SERVICES: readonly string[] = [...new Set(UNARY_METHODS.map((method) => method.service))];

const passBytes = (bytes: Buffer): Buffer => bytes;

/** Adds the services of the package. */
export function addServices(server: Server, parts: HandlerParts): void {
  for (const service of SERVICES) {
    const definition: Record<string, ServiceDefinition[string]> = {};
    const handlers: UntypedServiceImplementation = {};
    for (const method of UNARY_METHODS.filter((each) => each.service === service)) {
      definition[method.name] = {
        path: `/${PACKAGE}.${service}/${method.name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: passBytes,
        requestDeserialize: passBytes,
        responseSerialize: passBytes,
        responseDeserialize: passBytes,
      };
      handlers[method.name] = unaryHandler(method, parts);
    }
    server.addService(definition, handlers);
  }
}

/** Adds reflection of all services, versions 1 and 1alpha. */
export function addReflection(server: Server, streams: OpenStreams): void {
  // Of a package's definition the reflection service reads these descriptors alone.
  const definition = { [PACKAGE]: { fileDescriptorProtos: fileDescriptors() } };
  new ReflectionService(
    definition as unknown as ConstructorParameters<typeof ReflectionService>[0],
  ).addToServer({
    addService: (service, handlers) =>
      server.addService(service, streams.tracking(handlers, 'ServerReflectionInfo')),
  });
}

/** Adds the health service, with a status for the whole server and for each service. */
export class Health {
  readonly #health: HealthImplementation;

  constructor(server: Server, streams: OpenStreams, serving: boolean) {
    this.#health = new HealthImplementation();
    this.set(serving);
    this.#health.addToServer({
      addService: (service, handlers) =>
        server.addService(service, streams.tracking(handlers, 'watch')),
    });
  }

  set(serving: boolean): void {
    const status = serving ? 'SERVING' : 'NOT_SERVING';
    this.#health.setStatus('', status);
    for (const service of SERVICES) this.#health.setStatus(`${PACKAGE}.${service}`, status);
  }
}
