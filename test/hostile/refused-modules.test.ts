import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LIMITS, type LimitName } from '../../src/base/limits.js';
import { request } from '../support/rest-client.js';
import { leb, name } from '../wasm/binary.js';
import { agent, END, FUNCTION, GLOBAL, I32, type Parts, repeat, ZERO } from './agent-module.js';
import { Neighbourhood } from './neighbourhood.js';

/**
 * Modules that are refused before anything is compiled, uploaded to a server. What else there is of
 * them is in test/wasm; here is what whoever deploys one sees, and that nobody else notices.
 */

const global = [I32, 1, ...ZERO, END];

const FEATURES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  threads: agent({ body: [...ZERO, 0xfe, 0x10, 2, 0] }),
  exceptions: agent({ body: [0x06, 0x40, 0x19, END, ...ZERO] }),
  'tail calls': agent({ body: [...ZERO, ...ZERO, 0x12, 1] }),
  'relaxed SIMD': agent({
    body: [0x20, 2, 0x20, 2, 0xfd, 0x80, 0x02, 0x1a, ...ZERO],
    locals: [[1, 0x7b]],
  }),
  'garbage collection': agent({ types: [[0x5f, 0]] }),
  memory64: agent({ memories: [[0x04, 2]] }),
  'multiple memories': agent({
    memories: [
      [0, 2],
      [0, 1],
    ],
  }),
  'stack switching': agent({ body: [...ZERO, 0xe0, 0, ...ZERO] }),
  'the component model': Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0),
};

const deep = LIMITS.block_depth + 1;
const OVER: Partial<Readonly<Record<LimitName, Uint8Array<ArrayBuffer>>>> = {
  globals: agent({ globals: repeat(5_000, global) }),
  locals_per_function: agent({ locals: [[...leb(50_000), I32]] }),
  br_table_targets: agent({
    body: [...ZERO, ...ZERO, 0x0e, ...leb(100_000), ...repeat(100_001, [0]).flat()],
  }),
  function_body_bytes: agent({ body: [...repeat(400_000, [0x01]).flat(), ...ZERO] }),
  block_depth: agent({
    body: [...repeat(deep, [0x02, 0x40]).flat(), ...repeat(deep, [END]).flat(), ...ZERO],
  }),
  table_elements: agent({ tables: [[0x70, 0, ...leb(4_000_000)]] }),
  functions: agent({ functions: repeat(LIMITS.functions, []) }),
  merged_values_per_function: agent({
    body: [
      ...repeat(1_000, [0x03, 0x40]).flat(),
      ...repeat(990, [...ZERO, 0x21, 2]).flat(),
      ...repeat(1_000, [END]).flat(),
      ...ZERO,
    ],
    locals: [[...leb(990), I32]],
  }),
};

/** The first index behind the module's own: what metering adds comes there. */
const OWN_GLOBALS = 1;
const OWN_FUNCTIONS = 2;
// A loop and a growing memory make metering add all that it has.
const busy = [0x03, 0x40, ...ZERO, 0x40, 0, 0x0d, 0, END];
const FORGED: Readonly<Record<string, Parts>> = {
  'global.get of the fuel': { body: [...busy, 0x23, OWN_GLOBALS, 0x1a, ...ZERO] },
  'global.set of the fuel': {
    body: [...busy, 0x42, 0xff, 0xff, 0, 0x24, OWN_GLOBALS, ...ZERO],
  },
  'an export of the fuel': { body: [...busy, ...ZERO], exports: [[...name('mine'), GLOBAL, 1]] },
  'a global made of the fuel': { globals: [global, [I32, 0, 0x23, 2, END]] },
  'a call of a metering function': { body: [...busy, ...ZERO, 0x10, OWN_FUNCTIONS] },
  'ref.func of a metering function': { body: [...busy, 0xd2, OWN_FUNCTIONS, 0x1a, ...ZERO] },
  'an export of a metering function': {
    body: [...busy, ...ZERO],
    exports: [[...name('mine'), FUNCTION, OWN_FUNCTIONS]],
  },
  'a table of a metering function': {
    body: [...busy, ...ZERO],
    tables: [[0x70, 0, 10]],
    elements: [[0, ...ZERO, END, 1, OWN_FUNCTIONS]],
  },
  'a start that is a metering function': { body: [...busy, ...ZERO], start: OWN_FUNCTIONS },
  'a call through a type that metering adds': {
    body: [...busy, ...ZERO, ...ZERO, 0x11, 3, 0],
    tables: [[0x70, 0, 10]],
  },
};

const RESERVED = ['caxton:fuel', 'caxton:start', 'caxton:', 'caxton:anything'];

let place: Neighbourhood;
let lastAgent = 0;
before(async () => {
  place = await Neighbourhood.start();
});
after(() => place?.close());

/** @returns the details of the refusal, which has this rule */
async function refusal(module: Uint8Array<ArrayBuffer>, rule: string) {
  const config = { name: `refused-${++lastAgent}` };
  const answer = await place.deploy(module, config);
  const { error } = answer.body as {
    error: { code: string; message: string; details: Readonly<Record<string, unknown>> };
  };
  assert.equal(answer.status, 400, answer.text);
  assert.equal(error.code, 'INVALID_WASM', answer.text);
  assert.equal(error.details.rule, rule, answer.text);
  assert.equal(typeof error.details.fix, 'string', answer.text);
  const remains = await request(`${place.base}/agents/${config.name}`, 'GET');
  assert.equal(remains.status, 404, 'a refused agent leaves nothing behind');
  await place.echoAnswers(1);
  return error.details;
}

test('the agent that all of them are made from is accepted', async () => {
  await place.settle(agent({ body: [...busy, ...ZERO], globals: [global] }), { name: 'harmless' });
  await place.settle(agent({ globals: repeat(LIMITS.globals, global) }), { name: 'hoarder' });
});

describe('a module with a feature that agents may not use is refused by its name', () => {
  for (const [feature, module] of Object.entries(FEATURES)) {
    test(feature, async () => assert.equal((await refusal(module, 'feature')).feature, feature));
  }
});

describe('a module that is too large in one way is refused with the limit', () => {
  for (const [limit, module] of Object.entries(OVER)) {
    test(limit, async () => assert.equal((await refusal(module, 'limit')).limit, limit));
  }
});

describe('a module that names what metering adds by its index is refused', () => {
  for (const [what, parts] of Object.entries(FORGED)) {
    test(what, async () => {
      await refusal(agent({ globals: [global], ...parts }), 'malformed');
    });
  }
});

describe('a module that exports a reserved name is refused', () => {
  for (const reserved of RESERVED) {
    test(reserved, async () => {
      const exports = [[...name(reserved), GLOBAL, 0]];
      await refusal(agent({ globals: [global], exports }), 'reserved-name');
    });
  }
});
