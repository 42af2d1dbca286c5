/** Runs a module, metered or not, and tells what a call returned, trapped with, and cost. */

export interface Outcome {
  readonly result?: unknown;
  /** The trap's text, when it trapped. */
  readonly trap?: string;
  /** Units of fuel used; of a metered module only, and only when it did not trap. */
  readonly fuel?: number;
  /** Whether the trap was for lack of fuel. */
  readonly exhausted: boolean;
}

/** More than any call of the corpus takes. */
export const PLENTY = 1_000_000_000;

type GuestFunction = (...args: unknown[]) => unknown;

function hostImports(module: WebAssembly.Module): WebAssembly.Imports {
  const notes: number[] = [];
  const known: Record<string, GuestFunction> = {
    'host.add': (a, b) => (Number(a) + Number(b)) | 0,
    'host.note': (a) => void notes.push(Number(a)),
    'caxton.current_timestamp': () => 0n,
  };
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    imports[space] ??= {};
    imports[space][name] = known[`${space}.${name}`] ?? (() => 0);
  }
  return imports;
}

export class Guest {
  readonly exports: WebAssembly.Exports;
  private readonly fuel: WebAssembly.Global | undefined;

  constructor(bytes: Uint8Array) {
    const module = new WebAssembly.Module(Uint8Array.from(bytes));
    this.exports = new WebAssembly.Instance(module, hostImports(module)).exports;
    this.fuel = this.exports['caxton:fuel'] as WebAssembly.Global | undefined;
  }

  /** Calls an export; strings among the arguments are 64-bit integers. */
  call(name: string, args: readonly (number | string)[] = [], budget: number = PLENTY): Outcome {
    const target = this.exports[name] as GuestFunction;
    if (this.fuel) this.fuel.value = BigInt(budget);
    try {
      const result = target(
        ...args.map((value) => (typeof value === 'string' ? BigInt(value) : value)),
      );
      const fuel = this.fuel ? budget - Number(this.fuel.value) : undefined;
      return { result, exhausted: false, ...(fuel === undefined ? {} : { fuel }) };
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError))
        throw error;
      return { trap: error.message, exhausted: this.fuel !== undefined && this.fuel.value < 0n };
    }
  }

  /** What can be seen of the instance from outside: memory, sizes of tables, values of globals. */
  state(): Record<string, unknown> {
    const state: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(this.exports)) {
      if (name.startsWith('caxton:')) continue;
      if (value instanceof WebAssembly.Memory) state[name] = Buffer.from(value.buffer.slice(0));
      else if (value instanceof WebAssembly.Table) state[name] = value.length;
      else if (value instanceof WebAssembly.Global) state[name] = value.value;
    }
    return state;
  }
}
