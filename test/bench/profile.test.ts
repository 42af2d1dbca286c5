import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  type CallFrame,
  type CpuProfile,
  type Stack,
  stacksOf,
  WAITING,
} from '../../bench/profile/cpu-profile.js';
import { flameGraph } from '../../bench/profile/flame.js';
import { memoryKinds } from '../../bench/profile/memory-map.js';
import {
  AGENTS,
  COLLECTOR,
  IDLE,
  NATIVE,
  ownerOf,
  sourceOf,
  timesOf,
  withNativeTime,
  withoutMissedSleep,
} from '../../bench/profile/owners.js';
import { barsOf, mergeStacks } from '../../bench/profile/stack-tree.js';
import { packageFile } from '../../src/base/package-file.js';

const frame = (functionName: string, url = ''): CallFrame => ({ functionName, url });
const own = (functionName: string, file: string): CallFrame =>
  frame(functionName, `file:///somewhere/caxton/dist/src/${file}.js`);
const stack = (time_us: number, ...frames: CallFrame[]): Stack => ({ frames, time_us });

const ROUTE = own('route', 'runtime/router');
const ENCODE = own('encode', 'fipa/binary');
const PARSE = frame('parse');

/** (root) → route → encode, and (idle); one sample each millisecond. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 4] },
    { id: 2, callFrame: ROUTE, children: [3] },
    { id: 3, callFrame: ENCODE },
    { id: 4, callFrame: frame('(idle)') },
  ],
  startTime: 10_000,
  endTime: 14_000,
  samples: [2, 3, 3, 4],
  timeDeltas: [0, 1_000, 1_000, 1_000],
};

test('a profile is taken apart into stacks with their times, callers first', () => {
  assert.deepEqual(stacksOf(PROFILE), [
    stack(1_000, ROUTE),
    stack(2_000, ROUTE, ENCODE),
    stack(1_000, frame('(idle)')),
  ]);
});

test('only what was sampled within a period counts', () => {
  const period = { from_us: 11_500, to_us: 13_500 };
  assert.deepEqual(stacksOf(PROFILE, period), [
    stack(1_500, ROUTE, ENCODE),
    stack(500, frame('(idle)')),
  ]);
});

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-profile-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function script(t: TestContext, text: string): string {
  const path = join(folderOf(t), 'ring.js');
  writeFileSync(path, text);
  return pathToFileURL(path).href;
}

test('a thread that sleeps in Atomics.wait is told by the line from one that works', (t) => {
  const callFrame = frame('take', script(t, 'work();\nAtomics.wait(words, 0, seen);\n'));
  const positionTicks = [
    { line: 1, ticks: 1 },
    { line: 2, ticks: 3 },
  ];
  const stacks = stacksOf({
    nodes: [{ id: 1, callFrame, positionTicks }],
    startTime: 0,
    endTime: 4_000,
    samples: [1, 1, 1, 1],
    timeDeltas: [0, 1_000, 1_000, 1_000],
  });
  assert.deepEqual(stacks, [stack(1_000, callFrame), stack(3_000, callFrame, WAITING)]);
  assert.equal(timesOf(stacks).busy, 0.25);
});

test('sources are named without what is of one machine', () => {
  assert.equal(sourceOf(ROUTE), 'src/runtime/router.ts');
  assert.equal(sourceOf(frame('x', 'file:///a/b/node_modules/lmdb/write.js')), 'lmdb/write.js');
  assert.equal(sourceOf(frame('x', 'node:buffer')), 'node:buffer');
  assert.equal(sourceOf(frame('x', 'wasm://wasm/echo-1a2b')), 'wasm');
  assert.equal(sourceOf(frame('x', 'file:///a/b/probe.js')), 'probe.js');
});

test('time belongs to the folder, package or engine whose code it is', () => {
  const owner = (...frames: CallFrame[]): string => ownerOf(stack(1, ...frames));
  assert.equal(owner(ROUTE, ENCODE), 'src/fipa');
  assert.equal(owner(own('write', 'transport/rest/exchange')), 'src/transport/rest');
  assert.equal(owner(own('listen', 'transport/listen')), 'src/transport');
  assert.equal(owner(ROUTE, frame('copy', 'node:buffer')), 'Node.js');
  assert.equal(
    owner(frame('x', 'file:///a/node_modules/@grpc/grpc-js/build/call.js')),
    '@grpc/grpc-js',
  );
  assert.equal(owner(frame('wasm-function[2]', 'wasm://wasm/1a2b')), AGENTS);
  assert.equal(owner(frame('(garbage collector)')), COLLECTOR);
  assert.equal(owner(frame('(program)')), NATIVE);
  assert.equal(owner(frame('(idle)')), IDLE);
  assert.equal(owner(ROUTE, PARSE), 'src/runtime', 'what the engine does for it');
  assert.equal(owner(PARSE), NATIVE);
});

test('shares are of the time in which a thread did something', () => {
  const { busy, owners, functions } = timesOf(stacksOf(PROFILE));
  assert.equal(busy, 0.75);
  assert.deepEqual(owners, [
    { name: 'src/fipa', share: 0.667 },
    { name: 'src/runtime', share: 0.333 },
  ]);
  assert.equal(functions[0]?.name, 'encode src/fipa/binary.ts');
});

test('CPU time that no sample accounts for was native code that the profiler takes for idle', () => {
  const stacks = [stack(300, ROUTE), stack(700, frame('(idle)'))];
  const half = timesOf(withNativeTime(stacks, 600));
  assert.equal(half.busy, 0.6);
  assert.deepEqual(
    half.owners.map(({ name, share }) => [name, share]),
    [
      ['src/runtime', 0.5],
      [NATIVE, 0.5],
    ],
  );
  assert.equal(timesOf(withNativeTime(stacks, 200)).busy, 0.3, 'less than was sampled');
  assert.equal(timesOf(withNativeTime(stacks, 5_000)).busy, 1, 'more than there was');
});

test('sleep that the profiler missed is told by the CPU time that was not taken', () => {
  const asleep = [stack(900, ROUTE), stack(100, ENCODE)];
  assert.equal(timesOf(withoutMissedSleep(asleep, 200)).busy, 0.2);
  assert.deepEqual(withoutMissedSleep(asleep, 900), asleep, 'others had the core for a moment');
  const shared = [stack(400, ROUTE), stack(400, ENCODE), stack(200, PARSE)];
  assert.deepEqual(withoutMissedSleep(shared, 200), shared, 'no single stack stands out');
  assert.deepEqual(withoutMissedSleep([], 0), []);
});

test('stacks that begin alike are one bar, as wide as its share, with what it called on it', () => {
  const tree = mergeStacks([
    stack(10, ROUTE),
    stack(30, ROUTE, ENCODE),
    stack(40, ROUTE, ENCODE),
    stack(20, PARSE),
    stack(999, frame('(idle)')),
  ]);
  const bars = barsOf(tree, 0).map(({ name, from, to, depth }) => {
    return { name, from: from.toFixed(2), to: to.toFixed(2), depth };
  });
  assert.deepEqual(bars, [
    { name: 'all', from: '0.00', to: '1.00', depth: 0 },
    { name: 'parse', from: '0.00', to: '0.20', depth: 1 },
    { name: 'route', from: '0.20', to: '1.00', depth: 1 },
    { name: 'encode', from: '0.20', to: '0.90', depth: 2 },
  ]);
  const wide = barsOf(tree, 0.5).map(({ name }) => name);
  assert.deepEqual(wide, ['all', 'route', 'encode'], 'narrow ones are left out');
});

test('a thread that did nothing has no bars', () => {
  assert.deepEqual(barsOf(mergeStacks([]), 0.01), []);
});

test('a flame graph is the same each time, names functions and no path of a machine', () => {
  const draw = (): string => flameGraph(stacksOf(PROFILE), 'a load');
  const svg = draw();
  assert.equal(draw(), svg);
  assert.match(svg, /^<svg role="img" .*>\n<title>a load<\/title>\n/);
  for (const text of ['a load', 'encode 66.7 %', 'route 100.0 %'])
    assert.ok(svg.includes(text), text);
  assert.doesNotMatch(svg, /somewhere/);
});

test('memory of a process is told apart by what it is mapped for', () => {
  const mapping = (range: string, path: string, kib: number): string =>
    `${range} rw-p 00000000 08:01 1    ${path}\nSize: 9999 kB\nRss: ${kib} kB\n`;
  const smaps = [
    mapping('1000-2000', '/opt/node/bin/node', 100),
    mapping('2000-3000', '/lib/libc.so.6', 10),
    mapping('3000-4000', '/x/lmdb.glibc.node', 5),
    mapping('4000-5000', '[heap]', 20),
    mapping('5000-6000', '/data/data.mdb', 1),
    mapping('6000-7000', '', 50),
    mapping('7000-8000', '', 7),
  ].join('');
  const kib = Object.values(memoryKinds(smaps, '/opt/node/bin/node')).map((bytes) => bytes / 1024);
  assert.deepEqual(kib, [100, 15, 20, 1, 57]);
});

const run = (script: string, ...args: string[]) =>
  spawnSync(process.execPath, [packageFile('dist', 'bench', 'profile', script), ...args], {
    encoding: 'utf8',
  });

test('a profile is drawn from the command line, with a table of where its time goes', (t) => {
  const folder = folderOf(t);
  const [from, to] = [join(folder, 'a.cpuprofile'), join(folder, 'a.svg')];
  writeFileSync(from, JSON.stringify(PROFILE));
  const { status, stdout, stderr } = run('flame-main.js', from, to);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /\| `src\/fipa` \| 66\.7 % \|/);
  assert.match(readFileSync(to, 'utf8'), /encode/);
});

test('what the commands can do nothing with is refused with what they take', () => {
  assert.match(run('flame-main.js').stderr, /^usage: /);
  const { status, stderr } = run('main.js', 'nothing');
  assert.equal(status, 2);
  assert.match(stderr, /'nothing'.*rest_send.*idle_memory/);
});
