import type { PlainError } from '../base/errors.js';

/** What the compile thread is asked: the module as deployed, or what metering made of it before. */
export interface PrepareRequest {
  readonly original: Uint8Array;
  /** From the store's cache; made by the present rewriter for the same memory limit. */
  readonly metered: Uint8Array | undefined;
  readonly memoryMaxBytes: number;
}

export interface PreparedModule {
  readonly module: WebAssembly.Module;
  readonly metered: Uint8Array;
  readonly hasStart: boolean;
}

export type PrepareOutcome = PreparedModule | { readonly error: PlainError };
