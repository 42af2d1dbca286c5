import type {
  MethodDefinition,
  Server,
  ServiceDefinition,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';

type AnyMethod = MethodDefinition<unknown, unknown>;
type AnyHandler = (...parts: unknown[]) => void;

interface LoadedMethod {
  readonly definition: AnyMethod;
  readonly handler: AnyHandler;
}

/** What services of libraries are added to, as they do it to a server. */
export interface ServiceTaker {
  addService(service: ServiceDefinition, handlers: UntypedServiceImplementation): void;
}

export interface LazyMethod {
  readonly name: string;
  /** Whether both sides, the server alone or neither side sends many. */
  readonly kind: 'both' | 'server' | 'unary';
}

/** Services that libraries have, which are loaded when somebody calls one of their methods. */
export class LazyServices {
  readonly #load: (taker: ServiceTaker) => void;
  #methods: Map<string, LoadedMethod> | undefined;

  /** @param load loads the library and adds its services */
  constructor(load: (taker: ServiceTaker) => void) {
    this.#load = load;
  }

  /**
   * Adds one of them to a server.
   * @param service with its package
   * @param wrap has the last word about its handlers
   */
  addTo(
    server: Server,
    service: string,
    methods: readonly LazyMethod[],
    wrap: <T extends object>(handlers: T) => T = (handlers) => handlers,
  ): void {
    const definition: Record<string, AnyMethod> = {};
    const handlers: Record<string, AnyHandler> = {};
    for (const { name, kind } of methods) {
      const path = `/${service}/${name}`;
      const loaded = (): LoadedMethod => this.#method(path);
      definition[name] = {
        path,
        requestStream: kind === 'both',
        responseStream: kind !== 'unary',
        requestSerialize: (value) => loaded().definition.requestSerialize(value),
        requestDeserialize: (bytes) => loaded().definition.requestDeserialize(bytes),
        responseSerialize: (value) => loaded().definition.responseSerialize(value),
        responseDeserialize: (bytes) => loaded().definition.responseDeserialize(bytes),
      };
      handlers[name] = (...parts) => loaded().handler(...parts);
    }
    server.addService(definition, wrap(handlers) as UntypedServiceImplementation);
  }

  #method(path: string): LoadedMethod {
    this.#methods ??= this.#loadMethods();
    return this.#methods.get(path)!;
  }

  #loadMethods(): Map<string, LoadedMethod> {
    const methods = new Map<string, LoadedMethod>();
    this.#load({
      addService: (service, handlers) => {
        for (const [name, definition] of Object.entries(service)) {
          const { originalName = name } = definition;
          const handler: UntypedHandleCall | undefined = handlers[name] ?? handlers[originalName];
          methods.set(definition.path, {
            definition: definition as AnyMethod,
            handler: handler as unknown as AnyHandler,
          });
        }
      },
    });
    return methods;
  }
}
