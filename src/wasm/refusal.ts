import { CaxtonError } from '../base/errors.js';

/** Which rule a module broke; the `rule` of an INVALID_WASM error's details. */
export type RefusalRule =
  | 'malformed'
  | 'feature'
  | 'limit'
  | 'reserved-name'
  | 'required-export'
  | 'export-type'
  | 'import'
  | 'command-module'
  | 'memory';

export interface RefusalDetails {
  /** How to mend it. */
  readonly fix: string;
  /** Byte offset in the module as given. */
  readonly offset?: number;
  readonly export?: string;
  readonly import?: string;
  /** Index in the function index space. */
  readonly function?: number;
  /** Name and value of the bound that was passed. */
  readonly limit?: string;
  readonly limit_value?: number;
  readonly actual?: number | string;
  readonly expected?: string;
  readonly feature?: string;
}

/** An INVALID_WASM that says what is wrong, where, and how to mend it. */
export function refusal(rule: RefusalRule, message: string, details: RefusalDetails): CaxtonError {
  const place = details.offset === undefined ? '' : ` (at byte ${details.offset})`;
  return new CaxtonError('INVALID_WASM', `${message}${place}. ${details.fix}`, {
    rule,
    ...details,
  });
}

export function malformed(what: string, offset: number): CaxtonError {
  return refusal('malformed', `The module is not valid WebAssembly: ${what}`, {
    offset,
    fix: 'Build the module again, and check that the file arrived whole.',
  });
}

const FEATURE_FIXES: Readonly<Record<string, string>> = Object.freeze({
  threads: 'Build without -pthread and -matomics: agents are single-threaded.',
  exceptions: 'Build with -fno-exceptions (or with the toolchain’s panic=abort).',
  'tail calls': 'Build without -mtail-call.',
  'relaxed SIMD': 'Build with -mno-relaxed-simd: its results differ between machines.',
  memory64: 'Build for wasm32.',
  'multiple memories': 'Build with one memory.',
  'extended constant expressions': 'Build with -mno-extended-const.',
});

/** Refuses a WebAssembly feature outside the allowed set, by name. */
export function unsupportedFeature(feature: string, what: string, offset: number): CaxtonError {
  return refusal('feature', `The module uses ${feature} (${what}), which is not supported`, {
    feature,
    offset,
    fix:
      FEATURE_FIXES[feature] ??
      `Build for WebAssembly 2.0 without ${feature}; the features allowed are listed in docs/metering.md.`,
  });
}

/** Refuses a module that passes one of the structural bounds of `LIMITS`. */
export function overLimit(
  limit: string,
  limitValue: number,
  actual: number,
  what: string,
  place: { offset?: number; function?: number } = {},
  fix = 'Make it smaller: build with optimization for size (-Oz), or split the work over several functions or agents.',
): CaxtonError {
  return refusal(
    'limit',
    `The module has ${what}: ${actual}; the limit ${limit} is ${limitValue}`,
    {
      limit,
      limit_value: limitValue,
      actual,
      ...place,
      fix,
    },
  );
}
