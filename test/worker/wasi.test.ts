import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CAXTON_FUNCTIONS, HOST_MODULES, WASI_FUNCTIONS } from '../../src/wasm/host-signatures.js';
import { LOG_ERROR, LOG_INFO, OUTCOME_OK, OUTCOME_TRAPPED } from '../../src/wire/frames.js';
import { HOST_IMPORTS } from '../../src/worker/host-imports.js';
import { GuestBuilder, SCRATCH } from '../support/guest-builder.js';
import type { Effect } from '../support/reply-frames.js';
import { WorkerHarness } from '../support/worker-harness.js';

let worker: WorkerHarness;
before(() => {
  worker = new WorkerHarness();
});
after(() => worker.close());

const WASI = 'wasi_snapshot_preview1';

function lines(effects: readonly Effect[]): Array<[number, string]> {
  return effects.flatMap((effect) => (effect.kind === 'log' ? [[effect.level, effect.text]] : []));
}

/** A guest whose message's result is that of one expression. */
async function resultOf(
  make: (guest: GuestBuilder) => string,
  environment: Record<string, string> = {},
): Promise<number> {
  const guest = new GuestBuilder();
  const slot = await worker.install(guest.build(make(guest)), { environment, name: 'wasi' });
  const { done } = await worker.handle(slot, {}, { timestampUs: 1_700_000_000_000_123 });
  assert.notEqual(done.outcome, OUTCOME_TRAPPED, JSON.stringify(done.error));
  return done.outcome === OUTCOME_OK ? 0 : Number(done.error?.details.agent_code);
}

test('the worker offers exactly the functions that a module may import', () => {
  for (const [module, functions] of HOST_MODULES) {
    assert.deepEqual(Object.keys(HOST_IMPORTS[module]!).sort(), [...functions.keys()].sort());
  }
  assert.equal(HOST_MODULES.size, Object.keys(HOST_IMPORTS).length);
  assert.ok(CAXTON_FUNCTIONS.length > 0 && WASI_FUNCTIONS.length > 0);
});

/** Writes a text to a file descriptor, through one vector at address 16. */
function write(guest: GuestBuilder, fd: number, text: string): string {
  const [pointer, length] = guest.text(text).match(/\(.*?\)/g)!;
  return `
    (i32.store (i32.const 16) ${pointer}) (i32.store (i32.const 20) ${length})
    (drop (call ${guest.use('fd_write', WASI)}
      (i32.const ${fd}) (i32.const 16) (i32.const 1) (i32.const 32)))`;
}

test('output becomes log lines at each newline, and at the end of the message', async () => {
  const guest = new GuestBuilder();
  const slot = await worker.install(
    guest.build(`
      ${write(guest, 1, 'one\n\ntw')}
      ${write(guest, 2, 'bad\nworse')}
      ${write(guest, 1, 'o\nthree')}
      (i32.sub (i32.load (i32.const 32)) (i32.const 7))`),
  );
  const { done, effects } = await worker.handle(slot, {});
  assert.equal(done.outcome, OUTCOME_OK);
  assert.deepEqual(lines(effects), [
    [LOG_INFO, 'one'],
    [LOG_INFO, ''],
    [LOG_ERROR, 'bad'],
    [LOG_INFO, 'two'],
    [LOG_INFO, 'three'],
    [LOG_ERROR, 'worse'],
  ]);
});

test('output without newlines is cut into lines', async () => {
  const guest = new GuestBuilder();
  const slot = await worker.install(
    guest.build(`
      (memory.fill (i32.const 65536) (i32.const 97) (i32.const 10000))
      (i32.store (i32.const 16) (i32.const 65536)) (i32.store (i32.const 20) (i32.const 10000))
      (call ${guest.use('fd_write', WASI)}
        (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32))`),
  );
  const { effects } = await worker.handle(slot, {});
  assert.deepEqual(
    lines(effects).map(([, text]) => text.length),
    [4_096, 4_096, 1_808],
  );
});

test('newlines by the million are bounded like other log lines', async () => {
  const guest = new GuestBuilder();
  const slot = await worker.install(
    guest.build(`
      (drop (memory.grow (i32.const 16)))
      (memory.fill (i32.const 65536) (i32.const 10) (i32.const 1000000))
      (i32.store (i32.const 16) (i32.const 65536)) (i32.store (i32.const 20) (i32.const 1000000))
      (call ${guest.use('fd_write', WASI)}
        (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32))`),
  );
  const { done, effects } = await worker.handle(slot, {});
  assert.equal(done.outcome, OUTCOME_OK);
  assert.ok(effects.length > 1_000 && effects.length < 4_000, `${effects.length} lines`);
  assert.match(lines(effects).at(-1)![1], /dropped/);
});

test('proc_exit fails the message, whatever its code', async () => {
  const guest = new GuestBuilder();
  const exit = guest.use('proc_exit', WASI);
  const slot = await worker.install(guest.build(`(call ${exit} (i32.const 0)) (i32.const 0)`));
  const { done } = await worker.handle(slot, {});
  assert.equal(done.outcome, OUTCOME_TRAPPED);
  assert.match(String(done.error?.details.trap), /proc_exit\(0\)/);
});

test('the environment is the deployment’s, and the one argument the agent’s name', async () => {
  const guest = new GuestBuilder();
  const at = (address: number): string => `(i32.const ${address})`;
  const log = guest.use('console_log');
  const slot = await worker.install(
    guest.build(`
      (drop (call ${guest.use('environ_sizes_get', WASI)} ${at(16)} ${at(20)}))
      (if (i32.ne (i32.load ${at(16)}) (i32.const 2)) (then (return (i32.const 1))))
      (drop (call ${guest.use('environ_get', WASI)} ${at(SCRATCH)} ${at(SCRATCH + 64)}))
      (call ${log} (i32.load ${at(SCRATCH + 4)}) (i32.const 8))
      (call ${log} ${at(SCRATCH + 64)} (i32.load ${at(20)}))
      (drop (call ${guest.use('args_sizes_get', WASI)} ${at(16)} ${at(20)}))
      (if (i32.ne (i32.load ${at(16)}) (i32.const 1)) (then (return (i32.const 2))))
      (drop (call ${guest.use('args_get', WASI)} ${at(SCRATCH)} ${at(SCRATCH + 64)}))
      (call ${log} (i32.load ${at(SCRATCH)}) (i32.load ${at(20)}))
      (i32.const 0)`),
    { environment: { A: 'x', LONG: 'ü' }, name: 'wasi' },
  );
  const { effects } = await worker.handle(slot, {});
  assert.deepEqual(
    lines(effects).map(([, text]) => text),
    ['LONG=ü\0', 'A=x\0LONG=ü\0', 'wasi\0'],
  );
});

test('all clocks give the message’s time in nanoseconds', async () => {
  for (const clock of [0, 1, 2, 3]) {
    const result = await resultOf((guest) => {
      const get = guest.use('clock_time_get', WASI);
      return `
        (drop (call ${get} (i32.const ${clock}) (i64.const 1) (i32.const 16)))
        (i64.ne (i64.load (i32.const 16)) (i64.const 1700000000000123000))`;
    });
    assert.equal(result, 0);
  }
  const unknown = await resultOf((guest) => {
    const get = guest.use('clock_time_get', WASI);
    return `(call ${get} (i32.const 4) (i64.const 1) (i32.const 16))`;
  });
  assert.equal(unknown, 28);
  const resolution = await resultOf((guest) => {
    const get = guest.use('clock_res_get', WASI);
    return `
      (drop (call ${get} (i32.const 1) (i32.const 16)))
      (i64.ne (i64.load (i32.const 16)) (i64.const 1000))`;
  });
  assert.equal(resolution, 0);
});

test('random_get gives the bytes of the numbers that random_u32 gives', async () => {
  const result = async (make: (guest: GuestBuilder) => string): Promise<unknown> => {
    const guest = new GuestBuilder();
    const slot = await worker.install(guest.build(make(guest)), { agentId: 'agent_w' });
    const { done } = await worker.handle(slot, {}, { messageId: 'msg_w' });
    return done.error?.details.agent_code;
  };
  const number = await result((guest) => `(call ${guest.use('random_u32')})`);
  const bytes = await result((guest) => {
    const get = guest.use('random_get', WASI);
    return `(drop (call ${get} (i32.const 16) (i32.const 5))) (i32.load (i32.const 16))`;
  });
  assert.equal(typeof number, 'number');
  assert.equal(bytes, number);
});

test('poll_oneoff returns at once with an event for each subscription', async () => {
  const result = await resultOf((guest) => {
    const poll = guest.use('poll_oneoff', WASI);
    return `
      (i64.store (i32.const 1024) (i64.const 77))
      (i64.store (i32.const 1072) (i64.const 78))
      (i32.store8 (i32.const 1080) (i32.const 1))
      (if (call ${poll} (i32.const 1024) (i32.const 2048) (i32.const 2) (i32.const 16))
        (then (return (i32.const 1))))
      (if (i32.ne (i32.load (i32.const 16)) (i32.const 2)) (then (return (i32.const 2))))
      (if (i64.ne (i64.load (i32.const 2048)) (i64.const 77)) (then (return (i32.const 3))))
      (if (i32.load16_u (i32.const 2056)) (then (return (i32.const 4))))
      (if (i64.ne (i64.load (i32.const 2080)) (i64.const 78)) (then (return (i32.const 5))))
      (i32.sub (i32.load16_u (i32.const 2088)) (i32.const 52))`;
  });
  assert.equal(result, 0);
  const none = await resultOf((guest) => {
    const poll = guest.use('poll_oneoff', WASI);
    return `(call ${poll} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16))`;
  });
  assert.equal(none, 28);
});

const ANSWERS: ReadonlyArray<readonly [string, string, number]> = [
  ['fd_write', '(i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0)', 8],
  ['fd_read', '(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16)', 0],
  ['fd_read', '(i32.const 1) (i32.const 0) (i32.const 0) (i32.const 16)', 8],
  ['fd_fdstat_get', '(i32.const 1) (i32.const 16)', 0],
  ['fd_fdstat_get', '(i32.const 3) (i32.const 16)', 8],
  ['fd_fdstat_set_flags', '(i32.const 1) (i32.const 0)', 0],
  ['fd_close', '(i32.const 2)', 0],
  ['fd_close', '(i32.const -1)', 8],
  ['fd_seek', '(i32.const 1) (i64.const 0) (i32.const 0) (i32.const 16)', 70],
  ['fd_seek', '(i32.const 9) (i64.const 0) (i32.const 0) (i32.const 16)', 8],
  ['fd_prestat_get', '(i32.const 3) (i32.const 16)', 8],
  ['fd_prestat_dir_name', '(i32.const 3) (i32.const 16) (i32.const 4)', 8],
  ['sched_yield', '', 0],
  ['fd_tell', '(i32.const 1) (i32.const 16)', 52],
  ['proc_raise', '(i32.const 9)', 52],
  ['sock_shutdown', '(i32.const 1) (i32.const 0)', 52],
  ['path_unlink_file', '(i32.const 3) (i32.const 0) (i32.const 0)', 52],
];

for (const [name, operands, errno] of ANSWERS) {
  test(`${name} ${operands} answers ${errno}`, async () => {
    const result = await resultOf((guest) => `(call ${guest.use(name, WASI)} ${operands})`);
    assert.equal(result, errno);
  });
}

test('a bad pointer to a WASI call traps', async () => {
  const guest = new GuestBuilder();
  const get = guest.use('random_get', WASI);
  const slot = await worker.install(guest.build(`(call ${get} (i32.const -4) (i32.const 8))`));
  const { done } = await worker.handle(slot, {});
  assert.match(String(done.error?.details.trap), /outside the memory/);
});
