import { toPlainError } from '../base/errors.js';
import { START_EXPORT } from '../wasm/meter.js';
import { prepareAgentModule } from '../wasm/prepare.js';
import type { PrepareOutcome, PrepareRequest } from '../wire/prepare.js';

/** Piscina task: checks, meters and compiles one module off the main thread. */
export default function prepare(request: PrepareRequest): PrepareOutcome {
  try {
    const metered =
      request.metered ??
      prepareAgentModule(request.original, { memoryMaxBytes: request.memoryMaxBytes }).metered;
    const module = new WebAssembly.Module(metered as Uint8Array<ArrayBuffer>);
    const hasStart = WebAssembly.Module.exports(module).some(({ name }) => name === START_EXPORT);
    return { module, metered, hasStart };
  } catch (error) {
    return { error: toPlainError(error) };
  }
}
