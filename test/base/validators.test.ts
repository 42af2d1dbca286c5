import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { allOperations, STREAM_OPERATIONS } from '../../src/api/operations.js';
import { lazyValidator } from '../../src/base/validators.js';
import { FRAME_SCHEMAS } from '../../src/transport/ws/frames.js';

/** Inputs of which each breaks another rule of most schemas. */
const INPUTS: readonly unknown[] = [
  {},
  null,
  'text',
  [],
  { agent_id: '' },
  { agent_id: 'echo', limit: 0, unknown: true },
  { task_id: 7, name: 'x'.repeat(1_000), status: 'no such' },
  { wasm_module: 'no bytes', config: {} },
  { limit: 1 },
  { type: 'ping', id: [] },
];

function toldBy({ errors }: ValidateFunction): unknown {
  return errors?.map(({ keyword, message, instancePath, params }) => [
    keyword,
    message,
    instancePath,
    params,
  ]);
}

test('the build made a validator of the present schema of each operation', () => {
  const ajv = new Ajv2020({ strict: false, verbose: true });
  ajv.addFormat('date-time', true);
  ajv.addKeyword({
    keyword: 'x-bytes',
    validate: (_: unknown, data: unknown) => data instanceof Uint8Array,
    error: { message: 'must be the bytes of a WebAssembly module' },
  });
  for (const { name, input } of [...allOperations(), ...STREAM_OPERATIONS]) {
    const built = lazyValidator('api', name)();
    const compiled = ajv.compile(input);
    for (const value of INPUTS) {
      assert.equal(built(value), compiled(value), name);
      assert.deepEqual(toldBy(built), toldBy(compiled), name);
    }
  }
});

test('the build made a validator of each frame', () => {
  for (const type of Object.keys(FRAME_SCHEMAS)) {
    const validate = lazyValidator('frames', type)();
    assert.equal(validate({ type: 'none' }), false);
  }
});

test('bytes are told from text', () => {
  const validate = lazyValidator('api', 'agents.deploy')();
  validate({ wasm_module: 'text', config: { name: 'echo' } });
  assert.equal(validate.errors?.[0]?.message, 'must be the bytes of a WebAssembly module');
  assert.equal(validate({ wasm_module: new Uint8Array(1), config: { name: 'echo' } }), true);
});
