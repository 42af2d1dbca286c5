import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * A CommonJS module of a package that not every server, or not every thread of it, comes to use: it
 * is loaded by the first call.
 * @param specifier as in an import
 */
export function lazyPackage<Module>(specifier: string): () => Module {
  let loaded: Module | undefined;
  return () => (loaded ??= require(specifier) as Module);
}
