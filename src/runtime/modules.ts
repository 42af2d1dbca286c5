import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { PreparePool } from '../pool/prepare-pool.js';
import type { Store } from '../store/store.js';
import { METERING_VERSION, moduleHash } from '../wasm/prepare.js';
import type { PreparedModule } from '../wire/prepare.js';

/** What starting an instance takes; the bytes it was compiled from are in the store. */
export type CompiledModule = Omit<PreparedModule, 'metered'>;

/**
 * Compiled modules: ten thousand agents of one module compile it once. What metering made of a
 * module is kept in the store, by the module, the rewriter's version and the memory limit.
 */
export class Modules {
  readonly #store: Store;
  readonly #prepare: PreparePool;
  readonly #compiled = new Map<string, Promise<CompiledModule>>();
  readonly #users = new Map<string, number>();

  constructor(store: Store, prepare: PreparePool) {
    this.#store = store;
    this.#prepare = prepare;
  }

  /**
   * Checks, meters and compiles a new module and keeps it, until `release`.
   * @throws CaxtonError INVALID_WASM, RESOURCE_LIMIT_EXCEEDED, DEPLOYMENT_FAILED
   */
  async add(
    original: Uint8Array,
    memoryMaxBytes: number,
  ): Promise<{ hash: string; prepared: CompiledModule }> {
    if (original.length > LIMITS.module_bytes) {
      throw new CaxtonError(
        'INVALID_WASM',
        `The module has ${original.length} bytes; the limit is ${LIMITS.module_bytes}. Strip its debug information.`,
        { rule: 'module_bytes', limit: LIMITS.module_bytes },
      );
    }
    const hash = moduleHash(original);
    // Before it is looked up: its last agent may be removed while it is compiled.
    this.retain(hash);
    try {
      return { hash, prepared: await this.#load(hash, memoryMaxBytes, original) };
    } catch (error) {
      this.release(hash);
      throw error;
    }
  }

  /** The module of an agent that is in the store. */
  async get(hash: string, memoryMaxBytes: number): Promise<CompiledModule> {
    return this.#load(hash, memoryMaxBytes, undefined);
  }

  #load(
    hash: string,
    memoryMaxBytes: number,
    original: Uint8Array | undefined,
  ): Promise<CompiledModule> {
    const key = `${hash}:${memoryMaxBytes}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const loading = this.#compile(hash, memoryMaxBytes, original);
    this.#compiled.set(key, loading);
    loading.catch(() => this.#compiled.delete(key));
    return loading;
  }

  async #compile(
    hash: string,
    memoryMaxBytes: number,
    original: Uint8Array | undefined,
  ): Promise<CompiledModule> {
    const version = `${METERING_VERSION}:${memoryMaxBytes}`;
    const stored = this.#store.module(hash, version);
    const bytes = original ?? stored?.original;
    if (bytes === undefined) {
      throw new CaxtonError('INTERNAL_ERROR', `The store has no module ${hash}.`, { hash });
    }
    const prepared = await this.#prepare.prepare({
      original: bytes,
      metered: stored?.metered,
      memoryMaxBytes,
    });
    // Also when the store has it: what was read may be about to be deleted.
    if (original !== undefined) this.#store.putModule(hash, bytes);
    if (stored?.metered === undefined) {
      this.#store.putMetered(hash, version, prepared.metered, { hasStart: prepared.hasStart });
    }
    return { module: prepared.module, hasStart: prepared.hasStart };
  }

  /** Deletes modules that no agent uses: a deploy that a crash broke off leaves one behind. */
  sweep(): void {
    for (const hash of this.#store.moduleHashes()) {
      if (!this.#users.has(hash)) this.#store.deleteModule(hash);
    }
  }

  /** One more agent uses the module. */
  retain(hash: string): void {
    this.#users.set(hash, (this.#users.get(hash) ?? 0) + 1);
  }

  /** The last agent of a module takes it along. */
  release(hash: string): void {
    const users = (this.#users.get(hash) ?? 0) - 1;
    if (users > 0) {
      this.#users.set(hash, users);
      return;
    }
    this.#users.delete(hash);
    for (const key of this.#compiled.keys()) {
      if (key.startsWith(`${hash}:`)) this.#compiled.delete(key);
    }
    this.#store.deleteModule(hash);
  }
}
