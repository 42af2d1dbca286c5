/** What an agent did while it handled messages, and what it finds when it asks. */
export interface HostState {
  /** The messages sent, as the agent wrote them. */
  readonly sent: Uint8Array[];
  readonly broadcasts: { filter: string; message: string }[];
  readonly logs: string[];
  readonly errors: string[];
  readonly data: Map<string, Uint8Array>;
  readonly config: Map<string, string>;
  readonly capabilities: string[];
  readonly subscriptions: string[];
  readonly timers: bigint[];
}

interface AgentExports {
  memory: WebAssembly.Memory;
  caxton_alloc(length: number): number;
  handle_message(start: number, length: number): number;
  agent_init?(): number;
  agent_shutdown?(): void;
  handle_timer?(id: number): number;
}

export const PLAIN_HOST_TIME_US = 1_700_000_000_000_000n;

const NOT_FOUND = -1;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The agent ABI and nothing around it: a real instance, called on this thread, whose host calls
 * are recorded. For tests of agents and guests apart from the server.
 */
export class PlainHost {
  readonly state: HostState;
  readonly exports: AgentExports;

  constructor(module: Uint8Array<ArrayBuffer>, config: Readonly<Record<string, string>> = {}) {
    this.state = {
      sent: [],
      broadcasts: [],
      logs: [],
      errors: [],
      data: new Map(),
      config: new Map(Object.entries(config)),
      capabilities: [],
      subscriptions: [],
      timers: [],
    };
    const imports = {
      caxton: this.#caxtonImports(),
      env: this.#assemblyScriptImports(),
      wasi_snapshot_preview1: this.#wasiImports(),
    };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module), imports);
    this.exports = instance.exports as unknown as AgentExports;
  }

  /** Hands over one message, an object as JSON, and gives the agent's result. */
  deliver(message: object | string | Uint8Array): number {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    const bytes = message instanceof Uint8Array ? message : encoder.encode(text);
    const start = this.exports.caxton_alloc(bytes.length);
    if (start === 0) throw new Error(`caxton_alloc refused ${bytes.length} bytes`);
    new Uint8Array(this.exports.memory.buffer).set(bytes, start >>> 0);
    return this.exports.handle_message(start, bytes.length);
  }

  /** The messages sent since the last call, read as JSON. */
  takeSent(): Record<string, unknown>[] {
    return this.state.sent.splice(0).map((bytes) => JSON.parse(decoder.decode(bytes)));
  }

  #bytes(start: number, length: number): Uint8Array {
    // A view out of range throws, as a bad pointer traps in the server.
    return new Uint8Array(this.exports.memory.buffer, start >>> 0, length >>> 0).slice();
  }

  #text(start: number, length: number): string {
    return decoder.decode(this.#bytes(start, length));
  }

  #give(value: Uint8Array | undefined, buffer: number, capacity: number): number {
    if (value === undefined) return NOT_FOUND;
    const target = new Uint8Array(this.exports.memory.buffer, buffer >>> 0, capacity >>> 0);
    target.set(value.subarray(0, capacity));
    return value.length;
  }

  #push(list: { push(item: never): number }, item: unknown): number {
    list.push(item as never);
    return 0;
  }

  #caxtonImports(): WebAssembly.ModuleImports {
    const { state } = this;
    return {
      send_message: (start: number, length: number) =>
        this.#push(state.sent, this.#bytes(start, length)),
      broadcast_message: (filter: number, filterLength: number, start: number, length: number) =>
        state.broadcasts.push({
          filter: this.#text(filter, filterLength),
          message: this.#text(start, length),
        }),
      register_capability: (start: number, length: number) =>
        this.#push(state.capabilities, this.#text(start, length)),
      subscribe_messages: (start: number, length: number) =>
        this.#push(state.subscriptions, this.#text(start, length)),
      store_data: (key: number, keyLength: number, start: number, length: number) => {
        state.data.set(this.#text(key, keyLength), this.#bytes(start, length));
        return 0;
      },
      load_data: (key: number, keyLength: number, buffer: number, capacity: number) =>
        this.#give(state.data.get(this.#text(key, keyLength)), buffer, capacity),
      delete_data: (key: number, keyLength: number) =>
        state.data.delete(this.#text(key, keyLength)) ? 0 : NOT_FOUND,
      get_config: (key: number, keyLength: number, buffer: number, capacity: number) => {
        const entry = state.config.get(this.#text(key, keyLength));
        return this.#give(entry === undefined ? entry : encoder.encode(entry), buffer, capacity);
      },
      set_timer: (delayUs: bigint) => state.timers.push(delayUs),
      cancel_timer: () => 0,
      current_timestamp: () => PLAIN_HOST_TIME_US,
      random_u32: () => 7,
      fuel_remaining: () => 1_000_000n,
      console_log: (start: number, length: number) => {
        state.logs.push(this.#text(start, length));
      },
      console_error: (start: number, length: number) => {
        state.errors.push(this.#text(start, length));
      },
    };
  }

  #assemblyScriptImports(): WebAssembly.ModuleImports {
    // AssemblyScript strings are UTF-16 with their length in bytes four bytes in front.
    const read = (start: number): string => {
      const [length] = new Uint32Array(this.exports.memory.buffer, start - 4, 1);
      const units = new Uint8Array(this.exports.memory.buffer, start, length);
      return new TextDecoder('utf-16le').decode(units);
    };
    return {
      abort: (message: number, file: number, line: number, column: number) => {
        throw new Error(`abort: ${read(message)} at ${read(file)}:${line}:${column}`);
      },
    };
  }

  #wasiImports(): WebAssembly.ModuleImports {
    const view = (): DataView => new DataView(this.exports.memory.buffer);
    return {
      fd_write: (_fd: number, vectors: number, _count: number, written: number) => {
        const length = view().getUint32(vectors + 4, true);
        this.state.logs.push(this.#text(view().getUint32(vectors, true), length));
        view().setUint32(written, length, true);
        return 0;
      },
      environ_sizes_get: (count: number, bytes: number) => {
        view().setUint32(count, 0, true);
        view().setUint32(bytes, 0, true);
        return 0;
      },
      environ_get: () => 0,
      clock_time_get: (_clock: number, _precision: bigint, time: number) => {
        view().setBigUint64(time, PLAIN_HOST_TIME_US * 1_000n, true);
        return 0;
      },
      random_get: (start: number, length: number) => {
        new Uint8Array(this.exports.memory.buffer, start, length).fill(7);
        return 0;
      },
      proc_exit: (code: number) => {
        throw new Error(`proc_exit: ${code}`);
      },
    };
  }
}
