import type { Server } from '@grpc/grpc-js';
import type { HealthImplementation } from 'grpc-health-check';
import { lazyPackage } from '../../base/lazy-package.js';
import { fileDescriptors } from './descriptors.js';
import { LazyServices } from './lazy-service.js';
import type { OpenStreams } from './open-streams.js';
import { PACKAGE } from './protos.js';
import { SERVICES } from './services.js';

/** Services that any gRPC server may have. Few clients call them, so their libraries come late. */

const reflectionPackage = lazyPackage<typeof import('@grpc/reflection')>('@grpc/reflection');
const healthPackage = lazyPackage<typeof import('grpc-health-check')>('grpc-health-check');

/** Adds reflection of all services, versions 1 and 1alpha. */
export function addReflection(server: Server, streams: OpenStreams): void {
  const name = 'ServerReflectionInfo';
  const services = new LazyServices((taker) => {
    const { ReflectionService } = reflectionPackage();
    // Of a package's definition the reflection service reads these descriptors alone.
    const definition = { [PACKAGE]: { fileDescriptorProtos: fileDescriptors() } };
    new ReflectionService(
      definition as unknown as ConstructorParameters<typeof ReflectionService>[0],
    ).addToServer(taker);
  });
  for (const version of ['v1', 'v1alpha']) {
    services.addTo(
      server,
      `grpc.reflection.${version}.ServerReflection`,
      [{ name, kind: 'both' }],
      (handlers) => streams.tracking(handlers, name),
    );
  }
}

/** Adds the health service, with a status for the whole server and for each service. */
export class Health {
  readonly #serviceNames = ['', ...SERVICES.map((service) => `${PACKAGE}.${service}`)];
  #serving: boolean;
  #health: HealthImplementation | undefined;

  constructor(server: Server, streams: OpenStreams, serving: boolean) {
    this.#serving = serving;
    const services = new LazyServices((taker) => {
      this.#health = new (healthPackage().HealthImplementation)();
      this.set(this.#serving);
      this.#health.addToServer(taker);
    });
    services.addTo(
      server,
      'grpc.health.v1.Health',
      [
        { name: 'Check', kind: 'unary' },
        { name: 'List', kind: 'unary' },
        { name: 'Watch', kind: 'server' },
      ],
      (handlers) => streams.tracking(handlers, 'Watch'),
    );
  }

  set(serving: boolean): void {
    this.#serving = serving;
    for (const name of this.#serviceNames) {
      this.#health?.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    }
  }
}
