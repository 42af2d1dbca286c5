import { createRequire } from 'node:module';
import type { ValidateFunction } from 'ajv/dist/2020.js';

const require = createRequire(import.meta.url);

/** Each is a file, so that a thread loads only what it checks. */
export type ValidatorGroup = 'api' | 'config' | 'fipa' | 'frames' | 'worker';

export type LazyValidator<T = unknown> = () => ValidateFunction<T>;

/**
 * A validator that the build made from a schema (`scripts/build-validators.ts`), so that neither
 * ajv nor what schemas are written with has to be loaded, and nothing compiled, to check by it.
 */
export function lazyValidator<T = unknown>(group: ValidatorGroup, name: string): LazyValidator<T> {
  let loaded: ValidateFunction<T> | undefined;
  return () => (loaded ??= load(group)[name] as ValidateFunction<T>);
}

function load(group: ValidatorGroup): Readonly<Record<string, ValidateFunction<never>>> {
  return require(`../validators/${group}.cjs`);
}
