import { createHash } from 'node:crypto';
import { LIMITS } from '../base/limits.js';
import { type AgentModuleInfo, checkAgentModule } from './agent-module.js';
import { type MeteredModule, meterParsed, readModule } from './meter.js';

/**
 * Version of the rewriter and its cost table. Metered bytes are cached under the original's hash
 * and this: it must change whenever the same module would be metered to other bytes.
 */
export const METERING_VERSION = 'caxton-meter-3';

export interface PrepareOptions {
  /** Most memory that the agent may have, in bytes; rounded up to whole pages of 64 KiB. */
  readonly memoryMaxBytes: number;
}

export interface PreparedModule extends Omit<MeteredModule, 'bytes'>, AgentModuleInfo {
  /** The checked, metered and capped module. */
  readonly metered: Uint8Array;
}

/** SHA-256 of a module's bytes, in hexadecimal. */
export function moduleHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whole pages of 64 KiB that hold this many bytes. */
export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / LIMITS.wasm_page_bytes);
}

/**
 * Makes an agent's module ready to run: checks it against the agent ABI, meters it, caps it.
 * @throws CaxtonError INVALID_WASM that says which rule failed, where, and how to mend it;
 *   RESOURCE_LIMIT_EXCEEDED when its initial memory is above the cap
 */
export function prepareAgentModule(bytes: Uint8Array, options: PrepareOptions): PreparedModule {
  const parsed = readModule(bytes);
  const info = checkAgentModule(parsed);
  const { bytes: metered, ...module } = meterParsed(parsed, {
    memoryMaxPages: pagesOf(options.memoryMaxBytes),
  });
  return { metered, ...module, ...info };
}
