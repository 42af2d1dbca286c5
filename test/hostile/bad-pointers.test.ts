import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HOST_MODULES, type HostFunction } from '../../src/wasm/host-signatures.js';
import { ValueType } from '../../src/wasm/opcodes.js';
import { OUTCOME_TRAPPED } from '../../src/wire/frames.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { WorkerHarness } from '../support/worker-harness.js';

/** Every host call with every kind of pointer that leads out of the guest's memory. */

const PAGES = 2;
const MEMORY_BYTES = PAGES * 65_536;
/** Zeros that every call may read or write. */
const SAFE = 16;
const ENOSYS = 52;

type Range = readonly [pointer: number, length: number];

const BAD_RANGES: Readonly<Record<string, Range>> = {
  'a negative pointer': [-8, 8],
  'a pointer behind the memory': [MEMORY_BYTES, 1],
  'a range that leaves the memory': [MEMORY_BYTES - 4, 8],
  'a range whose end is past 32 bits': [-8, 16],
  'a length that is huge': [0, -1],
  'a negative length': [SAFE, -MEMORY_BYTES],
  'a pointer and a length that are both huge': [0x7fff_ffff, 0x7fff_ffff],
};
const BAD_POINTERS: Readonly<Record<string, number>> = {
  negative: -1,
  'at the end of the memory': MEMORY_BYTES,
  'before its end': MEMORY_BYTES - 3,
  'at the last address': -4,
  'in the middle of nowhere': 0x4000_0000,
};
/** For parameters that are no pointers, and for all at once. */
const ODD_NUMBERS = [0, 1, -1, 0x7fff_ffff, -0x8000_0000, MEMORY_BYTES, MEMORY_BYTES - 1];

interface Places {
  /** Parameters that are a pointer and a length, by the place of the first. */
  readonly ranges?: readonly number[];
  /** Parameters that are a pointer to something whose size the call knows. */
  readonly pointers?: readonly number[];
  /** What the others must be for the pointer to be looked at; 0 unless told here. */
  readonly others?: Readonly<Record<number, number>>;
}

const RANGE: Places = { ranges: [0] };
const TWO_RANGES: Places = { ranges: [0, 2] };
const NONE: Places = {};

/** A new import has to be entered here, or the first test fails. */
const PLACES: Readonly<Record<string, Places>> = {
  send_message: RANGE,
  broadcast_message: TWO_RANGES,
  register_capability: RANGE,
  subscribe_messages: RANGE,
  store_data: TWO_RANGES,
  load_data: TWO_RANGES,
  delete_data: RANGE,
  get_config: TWO_RANGES,
  set_timer: NONE,
  cancel_timer: NONE,
  current_timestamp: NONE,
  random_u32: NONE,
  fuel_remaining: NONE,
  console_log: RANGE,
  console_error: RANGE,
  // Texts whose length stands in front of them: what lies outside is read as none.
  abort: NONE,
  trace: NONE,
  seed: NONE,
  args_get: { pointers: [0, 1] },
  args_sizes_get: { pointers: [0, 1] },
  environ_get: { pointers: [0, 1] },
  environ_sizes_get: { pointers: [0, 1] },
  clock_res_get: { pointers: [1] },
  clock_time_get: { pointers: [2] },
  fd_close: NONE,
  fd_fdstat_get: { pointers: [1], others: { 0: 1 } },
  fd_fdstat_set_flags: NONE,
  fd_prestat_get: NONE,
  fd_prestat_dir_name: NONE,
  fd_read: { pointers: [3] },
  fd_seek: NONE,
  fd_write: { pointers: [1, 3], others: { 0: 1, 2: 1 } },
  poll_oneoff: { pointers: [0, 1, 3], others: { 2: 1 } },
  proc_exit: NONE,
  sched_yield: NONE,
  random_get: RANGE,
};

const FUNCTIONS = [...HOST_MODULES].flatMap(([module, functions]) =>
  [...functions.values()].map((host) => ({ module, host })),
);

let worker: WorkerHarness;
before(() => {
  worker = new WorkerHarness();
});
after(() => worker.close());

/**
 * Calls the function with numbers that it reads from the message: the content, which comes last, is
 * 16 hexadecimal digits for each.
 */
function caller(module: string, host: HostFunction): string {
  const guest = new GuestBuilder();
  guest.add(`(func $argument (param $at i32) (result i64) (local $value i64) (local $end i32)
    (local $digit i32)
    (local.set $end (i32.add (local.get $at) (i32.const 16)))
    (loop $next
      (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
      (if (i32.gt_u (local.get $digit) (i32.const 9))
        (then (local.set $digit (i32.sub (local.get $digit) (i32.const 39)))))
      (local.set $value (i64.or (i64.shl (local.get $value) (i64.const 4))
        (i64.extend_i32_u (local.get $digit))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $value))`);
  const end = '(i32.add (local.get $ptr) (i32.sub (local.get $len) (i32.const 2)))';
  const operands = host.params.map((type, index) => {
    const back = 16 * (host.params.length - index);
    const value = `(call $argument (i32.sub ${end} (i32.const ${back})))`;
    if (type === ValueType.I64) return value;
    return type === ValueType.F64 ? `(f64.convert_i64_s ${value})` : `(i32.wrap_i64 ${value})`;
  });
  const call = `(call ${guest.use(host.name, module)} ${operands.join(' ')})`;
  const [result] = host.results;
  if (result === undefined) return guest.build(`${call} (i32.const 0)`);
  return guest.build(result === ValueType.I32 ? call : `(drop ${call}) (i32.const 0)`);
}

type Called = Awaited<ReturnType<WorkerHarness['handle']>>['done'];

async function callWith(slot: number, values: readonly number[]): Promise<Called> {
  const digits = values.map((value) => BigInt.asUintN(64, BigInt(value)).toString(16));
  const content = digits.map((text) => text.padStart(16, '0')).join('');
  const { done } = await worker.handle(slot, { content });
  if (done.outcome === OUTCOME_TRAPPED) await worker.restart(slot);
  return done;
}

function assertTrapped(done: Called, what: string): void {
  assert.equal(done.error?.code, 'MESSAGE_DELIVERY_FAILED', `${what}: ${JSON.stringify(done)}`);
  assert.match(done.error!.message, /outside the memory of 131072 bytes/, what);
}

const unsupported = (name: string): boolean => !(name in PLACES);

test('every host call that is there is in the table, or answers that it is not supported', async () => {
  const names = new Set(FUNCTIONS.map(({ host }) => host.name));
  for (const name of Object.keys(PLACES)) assert.ok(names.has(name), `there is no ${name}`);
  for (const { module, host } of FUNCTIONS) {
    if (!unsupported(host.name)) continue;
    const slot = await worker.install(caller(module, host));
    const done = await callWith(
      slot,
      host.params.map(() => -1),
    );
    assert.equal(done.error?.details.agent_code, ENOSYS, `${module}.${host.name} is not in PLACES`);
  }
});

for (const { module, host } of FUNCTIONS) {
  if (unsupported(host.name)) continue;
  const { ranges = [], pointers = [], others = {} } = PLACES[host.name]!;
  const harmless = host.params.map((_, index) => others[index] ?? 0);
  for (const place of [...pointers, ...ranges]) harmless[place] = SAFE;
  const changed = (place: number, ...values: readonly number[]): number[] =>
    harmless.toSpliced(place, values.length, ...values);

  describe(`${module}.${host.name}`, () => {
    let slot: number;
    before(async () => {
      // With an entry, or there would be nothing to write.
      slot = await worker.install(caller(module, host), { environment: { A: 'b' } });
    });

    for (const place of ranges) {
      test(`traps on a bad range in parameter ${place}`, async () => {
        for (const [what, range] of Object.entries(BAD_RANGES)) {
          assertTrapped(await callWith(slot, changed(place, ...range)), what);
        }
        // The last byte, and nothing at the end, are inside.
        for (const range of [[MEMORY_BYTES - 1, 1] as const, [MEMORY_BYTES, 0] as const]) {
          const { outcome } = await callWith(slot, changed(place, ...range));
          assert.notEqual(outcome, OUTCOME_TRAPPED);
        }
      });
    }
    for (const place of pointers) {
      test(`traps on a bad pointer in parameter ${place}`, async () => {
        for (const [what, pointer] of Object.entries(BAD_POINTERS)) {
          assertTrapped(await callWith(slot, changed(place, pointer)), what);
        }
      });
    }
    if (host.params.length > 0) {
      test('takes or refuses any numbers', async () => {
        const all = ODD_NUMBERS.map((value) => host.params.map(() => value));
        const single = host.params.flatMap((_, place) =>
          ODD_NUMBERS.map((value) => changed(place, value)),
        );
        for (const values of [...all, ...single]) {
          const { error } = await callWith(slot, values);
          assert.notEqual(error?.code, 'INTERNAL_ERROR', `${values}: ${JSON.stringify(error)}`);
        }
      });
    }
  });
}
