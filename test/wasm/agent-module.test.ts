import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import { AGENT_EXPORTS, checkAgentModule } from '../../src/wasm/agent-module.js';
import { HOST_MODULES } from '../../src/wasm/host-signatures.js';
import { formatType } from '../../src/wasm/module-types.js';
import { METERING_VERSION, moduleHash, prepareAgentModule } from '../../src/wasm/prepare.js';
import { compiledC, compileWat } from './corpus.js';

const HANDLE = '(func (export "handle_message") (param i32 i32) (result i32) (i32.const 0))';
const ALLOC = '(func (export "caxton_alloc") (param i32) (result i32) (i32.const 16))';
const MEMORY = '(memory (export "memory") 1)';

const agent = (...extra: string[]): Uint8Array =>
  compileWat(`(module ${extra.join(' ')} ${MEMORY} ${HANDLE} ${ALLOC})`);

function refusalOf(run: () => unknown): CaxtonError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof CaxtonError, String(error));
    return error;
  }
  throw new Error('the module was accepted');
}

/** Asserts that a module is refused under a rule, with what its details must hold. */
function assertRefused(bytes: Uint8Array, details: Record<string, unknown>): void {
  const error = refusalOf(() => checkAgentModule(bytes));
  assert.equal(error.code, 'INVALID_WASM');
  for (const [name, value] of Object.entries(details)) {
    assert.deepEqual(error.details[name], value, `${name} of ${JSON.stringify(error.details)}`);
  }
  assert.ok(typeof error.details.fix === 'string' && error.message.includes(error.details.fix));
}

describe('a module held to the agent ABI', () => {
  test('passes with the required exports alone', () => {
    const info = checkAgentModule(agent());
    assert.deepEqual(info.exports, ['handle_message', 'caxton_alloc']);
    assert.deepEqual(info.imports, []);
    assert.equal(info.start, false);
  });

  test('passes when compiled from C, and tells what it has', () => {
    const info = checkAgentModule(compiledC('echo-agent'));
    assert.ok(info.exports.includes('agent_init') && info.exports.includes('handle_timer'));
    assert.ok(info.imports.includes('caxton.send_message'));
  });

  test('passes with a start section', () => {
    assert.equal(checkAgentModule(agent('(func $s) (start $s)')).start, true);
  });

  test('is refused without its memory', () => {
    const bytes = compileWat(`(module (memory 1) ${HANDLE} ${ALLOC})`);
    assertRefused(bytes, { rule: 'required-export', export: 'memory' });
  });

  test('is refused when something else is exported as memory', () => {
    const bytes = compileWat(`(module (func (export "memory")) ${HANDLE} ${ALLOC})`);
    assertRefused(bytes, { rule: 'required-export', export: 'memory' });
  });

  test('is refused as a WASI command, with the reason', () => {
    const bytes = agent('(func (export "_start"))');
    assertRefused(bytes, { rule: 'command-module', export: '_start' });
    assert.match(refusalOf(() => checkAgentModule(bytes)).message, /reactor/);
  });

  for (const [name, { type, required }] of Object.entries(AGENT_EXPORTS)) {
    const expected = formatType(type);

    test(`is refused when ${name} has another type`, () => {
      const others = [HANDLE, ALLOC].filter((text) => !text.includes(`"${name}"`)).join(' ');
      const wrong = `(func (export "${name}") (param i64) (result i64) (local.get 0))`;
      const bytes = compileWat(`(module ${MEMORY} ${others} ${wrong})`);
      assertRefused(bytes, { rule: 'export-type', export: name, expected, actual: '(i64) -> i64' });
    });

    test(`is refused when ${name} is no function`, () => {
      const others = [HANDLE, ALLOC].filter((text) => !text.includes(`"${name}"`)).join(' ');
      const wrong = `(global (export "${name}") i32 (i32.const 1))`;
      const bytes = compileWat(`(module ${MEMORY} ${others} ${wrong})`);
      assertRefused(bytes, { rule: 'export-type', export: name, actual: 'a global' });
    });

    if (!required) continue;
    test(`is refused without ${name}`, () => {
      const others = [HANDLE, ALLOC].filter((text) => !text.includes(`"${name}"`)).join(' ');
      const bytes = compileWat(`(module ${MEMORY} ${others})`);
      assertRefused(bytes, { rule: 'required-export', export: name, expected });
    });
  }
});

describe('imports of an agent', () => {
  test('may be every function of the host table', () => {
    const wat = (types: readonly number[], keyword: string): string =>
      types.length === 0
        ? ''
        : `(${keyword} ${formatType({ params: types, results: [] }).slice(1, -7).replaceAll(',', '')})`;
    for (const [module, functions] of HOST_MODULES) {
      const imports = [...functions.values()].map(
        ({ name, params, results }) =>
          `(import "${module}" "${name}" (func ${wat(params, 'param')} ${wat(results, 'result')}))`,
      );
      assert.equal(checkAgentModule(agent(...imports)).imports.length, functions.size);
    }
  });

  test('are refused when the host has no such function', () => {
    const unknown = agent('(import "env" "emscripten_resize_heap" (func (param i32)))');
    assertRefused(unknown, { rule: 'import', import: 'env.emscripten_resize_heap' });
    assertRefused(agent('(import "wasi_unstable" "fd_write" (func))'), {
      rule: 'import',
      import: 'wasi_unstable.fd_write',
    });
    assertRefused(agent('(import "caxton" "abort" (func (param i32 i32 i32 i32)))'), {
      import: 'caxton.abort',
    });
  });

  test('are refused with another type', () => {
    assertRefused(agent('(import "caxton" "set_timer" (func (param i32) (result i32)))'), {
      rule: 'import',
      import: 'caxton.set_timer',
      expected: '(i64) -> i32',
      actual: '(i32) -> i32',
    });
  });

  for (const [kind, text] of [
    ['global', '(import "env" "g" (global i32))'],
    ['table', '(import "env" "t" (table 1 funcref))'],
  ] as const) {
    test(`are refused for a ${kind}`, () => {
      assertRefused(agent(text), { rule: 'import', actual: kind });
    });
  }

  test('are refused for a memory', () => {
    const bytes = compileWat(
      `(module (import "env" "memory" (memory 1)) (export "memory" (memory 0)) ${HANDLE} ${ALLOC})`,
    );
    assertRefused(bytes, { rule: 'import', import: 'env.memory', actual: 'memory' });
  });
});

describe('preparing an agent', () => {
  test('checks, meters and caps it', () => {
    const prepared = prepareAgentModule(agent(), { memoryMaxBytes: 200_000 });
    assert.equal(prepared.initialPages, 1);
    assert.equal(prepared.maxPages, 4);
    assert.equal(prepared.functions, 2);
    const module = new WebAssembly.Module(Uint8Array.from(prepared.metered));
    assert.ok(WebAssembly.Module.exports(module).some(({ name }) => name === 'caxton:fuel'));
  });

  test('refuses an initial memory above the cap', () => {
    const bytes = compileWat(`(module (memory (export "memory") 3) ${HANDLE} ${ALLOC})`);
    const error = refusalOf(() => prepareAgentModule(bytes, { memoryMaxBytes: 131_072 }));
    assert.equal(error.code, 'RESOURCE_LIMIT_EXCEEDED');
    assert.equal(error.details.initial_pages, 3);
    assert.equal(error.details.limit_pages, 2);
  });

  test('names what its result can be cached under', () => {
    assert.match(METERING_VERSION, /^caxton-meter-\d+$/);
    assert.equal(
      moduleHash(new Uint8Array()),
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });
});
