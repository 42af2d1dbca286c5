import { HOST_MODULES } from '../../src/wasm/host-signatures.js';
import { ValueType } from '../../src/wasm/opcodes.js';

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [ValueType.I32]: 'i32',
  [ValueType.I64]: 'i64',
  [ValueType.F64]: 'f64',
};

/** Where the host may write messages: behind the first page, which is the guest's own. */
export const INBOX = 65_536;
/** Free for what a guest wants to write. */
export const SCRATCH = 32_768;

/**
 * Makes agents of a few lines of WAT: imports of the right type, texts in memory, and the ABI's
 * required exports. What a guest's `handle_message` returns shows in its failure's details, so that
 * a guest can hand the result of a host call out.
 */
export class GuestBuilder {
  readonly #imports = new Map<string, string>();
  readonly #parts: string[] = [];
  readonly #data: string[] = [];
  #nextText = 64;

  /** Imports a host function as `$name`, and gives that name. */
  use(name: string, module = 'caxton'): string {
    const host = HOST_MODULES.get(module)?.get(name);
    if (host === undefined) throw new Error(`no host function ${module}.${name}`);
    const params = host.params.map((type) => ` ${TYPE_NAMES[type]}`).join('');
    const results = host.results.map((type) => ` ${TYPE_NAMES[type]}`).join('');
    const type = `(param${params}) (result${results})`;
    this.#imports.set(name, `(import "${module}" "${name}" (func $${name} ${type}))`);
    return `$${name}`;
  }

  /** Puts a text into memory. @returns its pointer and length, as two operands */
  text(text: string | Uint8Array): string {
    const bytes = Buffer.from(text as Uint8Array);
    const at = this.#nextText;
    this.#nextText += (bytes.length + 8) & ~7;
    if (this.#nextText > SCRATCH) throw new Error('the guest has no room for its texts');
    this.bytesAt(at, bytes);
    return `(i32.const ${at}) (i32.const ${bytes.length})`;
  }

  /** A value as JSON text in memory. */
  json(value: unknown): string {
    return this.text(JSON.stringify(value));
  }

  bytesAt(at: number, bytes: Uint8Array): void {
    const escaped = [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
    this.#data.push(`(data (i32.const ${at}) "${escaped}")`);
  }

  /** Adds a field of the module: a function, a global, an export. */
  add(part: string): this {
    this.#parts.push(part);
    return this;
  }

  /** An exported function without parameters. */
  export(name: string, body: string, result = ''): this {
    return this.add(`(func (export "${name}") ${result} ${body})`);
  }

  /** The module, its `handle_message` made of this body: `$ptr` and `$len` in, an i32 out. */
  build(body = '(i32.const 0)'): string {
    return `(module
      ${[...this.#imports.values()].join('\n')}
      (memory (export "memory") 2)
      ${this.#data.join('\n')}
      ${this.#parts.join('\n')}
      (func (export "caxton_alloc") (param $len i32) (result i32)
        (local $missing i32)
        (local.set $missing
          (i32.sub
            (i32.add (i32.shr_u (local.get $len) (i32.const 16)) (i32.const 2))
            (memory.size)))
        (if (i32.gt_s (local.get $missing) (i32.const 0))
          (then
            (if (i32.eq (memory.grow (local.get $missing)) (i32.const -1))
              (then (return (i32.const 0))))))
        (i32.const ${INBOX}))
      (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
        ${body}))`;
  }
}
