import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ERROR_TABLE, type ErrorCode } from '../../src/base/errors.js';
import { sampleAgent } from '../support/guests.js';
import { request } from '../support/rest-client.js';
import { Neighbourhood } from './neighbourhood.js';

/** Modules that are nearly right, uploaded: a seed is printed, and CAXTON_SEED repeats a run. */
const MUTATIONS = 300;
const TRUNCATIONS = 60;
/** Uploads under way at once. */
const LANES = 3;
/** A mutant may swallow its message; then nobody waits longer than this for its answer. */
const ANSWER_TIMEOUT_MS = 200;
const HEADER_BYTES = 8;

type Numbers = (bound: number) => number;

let place: Neighbourhood;
before(async () => {
  place = await Neighbourhood.start();
});
after(() => place?.close());

/** Marsaglia's xorshift with 32 bits: the same seed gives the same numbers. */
function numbersFrom(seed: number): Numbers {
  let state = seed | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** One change, now and then up to four: a byte, a bit, a piece moved, a piece cut out. */
function mutant(original: Uint8Array, next: Numbers): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(original);
  for (let changes = next(3) > 0 ? 1 : 1 + next(4); changes > 0; changes--) {
    const at = HEADER_BYTES + next(bytes.length - HEADER_BYTES);
    const kind = next(8);
    if (kind < 4) bytes[at] = next(256);
    else if (kind < 6) bytes[at]! ^= 1 << next(8);
    else if (kind === 6) bytes.copyWithin(HEADER_BYTES + next(bytes.length / 2), at, at + next(40));
    else {
      const kept = [...bytes.subarray(0, at), ...bytes.subarray(at + 1 + next(8))];
      bytes = Uint8Array.from(kept);
    }
  }
  return bytes;
}

/** Gives a module's fate; one that runs is sent a message before it goes. */
async function fateOf(module: Uint8Array<ArrayBuffer>, name: string): Promise<string> {
  const answer = await place.deploy(module, { name, resources: { cpu: '200000' } });
  if (answer.status !== 201) {
    const { error } = answer.body as { error: { code: ErrorCode; message: string } };
    assert.ok(error.message.length > 0);
    assert.equal(answer.status, ERROR_TABLE[error.code]?.httpStatus, answer.text);
    // The one code above 499 that tells of the module and not of the server.
    assert.ok(answer.status < 500 || error.code === 'DEPLOYMENT_FAILED', answer.text);
    return error.code;
  }
  const message = { performative: 'request', receiver: name, sender: 'prober', content: 'hello' };
  const url = `${place.base}/messages?wait=true&timeout_ms=${ANSWER_TIMEOUT_MS}`;
  const reply = await request(url, 'POST', message);
  assert.ok(reply.status === 200 || reply.status === 504, reply.text);
  const removed = await request(`${place.base}/agents/${name}`, 'DELETE');
  assert.equal(removed.status, 200, removed.text);
  return 'ran';
}

/** Uploads all modules over a few lanes and counts their fates. */
async function fatesOf(modules: readonly Uint8Array<ArrayBuffer>[], prefix: string) {
  const fates = new Map<string, number>();
  const waiting = modules.entries();
  const lane = async (): Promise<void> => {
    for (const [index, module] of waiting) {
      const fate = await fateOf(module, `${prefix}-${index}`).catch((error: unknown) => {
        throw new Error(`${prefix} ${index}: ${error}`, { cause: error });
      });
      fates.set(fate, (fates.get(fate) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return fates;
}

test('mutations of a real module are refused with a reason or run within their limits', async (t) => {
  const seed = Number(process.env.CAXTON_SEED ?? randomInt(2 ** 31));
  t.diagnostic(`seed ${seed}`);
  const next = numbersFrom(seed);
  const original = sampleAgent('echo');
  const modules = Array.from({ length: MUTATIONS }, () => mutant(original, next));
  const fates = await fatesOf(modules, 'mutant');
  t.diagnostic(`fates ${JSON.stringify(Object.fromEntries(fates))}`);
  assert.ok(fates.get('INVALID_WASM')! > 0, 'no mutation was refused');
  assert.ok(fates.get('ran')! > 0, 'no mutation ran');
  await place.echoAnswers(5);
});

test('truncations of a real module are refused with a reason', async (t) => {
  const original = sampleAgent('echo');
  const modules = Array.from({ length: TRUNCATIONS }, (_, i) =>
    original.slice(0, Math.floor((original.length * i) / TRUNCATIONS)),
  );
  const fates = await fatesOf(modules, 'cut');
  t.diagnostic(`fates ${JSON.stringify(Object.fromEntries(fates))}`);
  assert.equal(fates.get('ran') ?? 0, 0);
  await place.echoAnswers(5);
});
