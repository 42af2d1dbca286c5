import { assert } from '../base/assert.js';
import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { FunctionScanner } from './function-scanner.js';
import { type ParsedModule, parseModule } from './parse-module.js';
import { malformed, overLimit } from './refusal.js';
import { FUEL_EXPORT, GROWTH_EXPORT, rewriteModule, START_EXPORT } from './rewrite-module.js';

export interface MeterOptions {
  /** Most pages of 64 KiB that the memory may grow to; the module's own maximum counts if lower. */
  readonly memoryMaxPages?: number;
}

export interface MeteredModule {
  readonly bytes: Uint8Array;
  /** Pages of 64 KiB; 0 without a memory. */
  readonly initialPages: number;
  /** Most pages that the memory can have; 0 without a memory. */
  readonly maxPages: number;
  /** Functions that the module defines itself. */
  readonly functions: number;
  /** The start function is no longer run by instantiation: call the export `caxton:start`. */
  readonly start: boolean;
}

export { FUEL_EXPORT, GROWTH_EXPORT, START_EXPORT };

/** Pages that a 32-bit memory can have at most. */
const PAGES_MAX = 65_536;

/** The reason that V8 gives, with the offset at its end, such as "… @+123". */
function compileFailure(bytes: Uint8Array<ArrayBuffer>): CaxtonError {
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    const text = (error as Error).message.replace(/^WebAssembly\.Module\(\):\s*/, '');
    const offset = Number(/@\+(\d+)\s*$/.exec(text)?.[1] ?? 0);
    return malformed(text.replace(/\s*@\+\d+\s*$/, ''), offset);
  }
  throw new Error('a module that does not validate was compiled');
}

/** A view that WebAssembly's functions take: shared memory isn't allowed there. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? (bytes as Uint8Array<ArrayBuffer>)
    : Uint8Array.from(bytes);
}

/**
 * Validates a module and reads its structure.
 * @throws CaxtonError INVALID_WASM
 */
export function readModule(given: Uint8Array): ParsedModule {
  if (given.length > LIMITS.module_bytes) {
    throw overLimit('module_bytes', LIMITS.module_bytes, given.length, 'too many bytes');
  }
  if (given.length === 0) throw malformed('it is empty', 0);
  const bytes = ownBytes(given);
  if (WebAssembly.validate(bytes)) return parseModule(bytes);
  // A feature that this engine doesn't have, or a limit, is named better by our own reader.
  try {
    new FunctionScanner(parseModule(bytes)).scanAll();
  } catch (error) {
    if (error instanceof CaxtonError && error.details.rule !== 'malformed') throw error;
  }
  throw compileFailure(bytes);
}

/** The least of the declared maximum, the cap and what an address can reach. */
function maximumPages(module: ParsedModule, cap: number | undefined): number {
  const memory = module.memories[0];
  if (!memory) return 0;
  const maximum = Math.min(memory.maximum ?? PAGES_MAX, cap ?? PAGES_MAX);
  if (memory.initial <= maximum) return maximum;
  throw new CaxtonError(
    'RESOURCE_LIMIT_EXCEEDED',
    `The module's memory begins with ${memory.initial} pages (${memory.initial * LIMITS.wasm_page_bytes} bytes), the limit is ${maximum} pages (${maximum * LIMITS.wasm_page_bytes} bytes). Raise resources.memory, or build with a smaller initial memory.`,
    {
      resource: 'memory',
      rule: 'memory',
      initial_pages: memory.initial,
      limit_pages: maximum,
      initial_bytes: memory.initial * LIMITS.wasm_page_bytes,
      limit_bytes: maximum * LIMITS.wasm_page_bytes,
      offset: memory.offset,
    },
  );
}

/**
 * Meters a module that `readModule` returned.
 * @throws CaxtonError INVALID_WASM, RESOURCE_LIMIT_EXCEEDED
 */
export function meterParsed(module: ParsedModule, options: MeterOptions): MeteredModule {
  const maxPages = maximumPages(module, options.memoryMaxPages);
  const plan = new FunctionScanner(module).scanAll();
  const bytes = rewriteModule(module, plan, maxPages, options.memoryMaxPages !== undefined);
  assert(WebAssembly.validate(ownBytes(bytes)), 'metering made a valid module invalid');
  return {
    bytes,
    initialPages: module.memories[0]?.initial ?? 0,
    maxPages,
    functions: module.bodies.length,
    start: module.startFunction !== undefined,
  };
}

/**
 * Adds fuel metering to a valid module, agent or not, and caps its memory and table. The result
 * exports `caxton:fuel` (and `caxton:start` in place of a start section); docs/metering.md has the
 * rules.
 * @throws CaxtonError INVALID_WASM for what is not valid, not supported or over a structural
 *   limit; RESOURCE_LIMIT_EXCEEDED for an initial memory above the cap
 */
export function meterModule(bytes: Uint8Array, options: MeterOptions = {}): MeteredModule {
  return meterParsed(readModule(bytes), options);
}
