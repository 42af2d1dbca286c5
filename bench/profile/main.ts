/**
 * `npm run bench-profile [-- NAME…]`: puts the loads of benchmarks on servers, draws where the time
 * of their threads goes and keeps the figures from which docs/performance.md is made.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../../src/base/package-file.js';
import { CaxtonServer } from '../harness/caxton.js';
import { makeFolder, removeFolder } from '../harness/leftovers.js';
import { describeMachine } from '../harness/machine.js';
import { canReadMemory } from '../harness/process-memory.js';
import { ThreadClock } from '../harness/thread-times.js';
import { gitCommit, isCommit } from '../harness/versions.js';
import { SERVER_LOADS, type ServerLoad } from '../load/server-loads.js';
import {
  type CpuProfile,
  type Period,
  profileTime_us,
  readProfile,
  type Stack,
  stacksOf,
} from './cpu-profile.js';
import { flameGraph } from './flame.js';
import { measureIdleMemory } from './idle-memory.js';
import { timesOf, withNativeTime, withoutMissedSleep } from './owners.js';
import { type Profiled, type ProfiledThread, readProfiles, writeProfiles } from './profiles.js';

const SECONDS = 4;
const WARM_SECONDS = 2;
const SAMPLE_US = 400;
const MEMORY = 'idle_memory';
/** Loads that the page has no section on. */
const ON_REQUEST = ['rest_wait_busy'];
const OUT = packageFile('docs', 'performance');

const PROFILED_ROLES = ['main', 'worker', 'writer'] as const;
type ProfiledRole = (typeof PROFILED_ROLES)[number];

/** Threads with flame graphs; the writer's would look the same for all loads. */
const DRAWN: readonly ProfiledRole[] = ['main', 'worker'];

const loads: Readonly<Record<string, ServerLoad>> = SERVER_LOADS;
const names = [...Object.keys(loads), MEMORY];
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !names.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`nothing to profile is named '${unknown}'; there are ${names.join(', ')}\n`);
  process.exit(2);
}
const chosen = asked.length > 0 ? asked : names.filter((name) => !ON_REQUEST.includes(name));

// What is written meanwhile makes the files differ from it.
const commit = gitCommit();
if (!isCommit(commit)) {
  process.stderr.write(
    `docs/performance.md names the commit that was measured, and this is ${commit}: commit first; ` +
      'to profile what is not committed, use npm run bench -- --cpu-prof and npm run bench-flame\n',
  );
  process.exit(2);
}
const before = readProfiles();
const profiles = new Map(before.profiles.map((each) => [each.name, each]));
mkdirSync(OUT, { recursive: true });
for (const name of chosen.filter((each) => each !== MEMORY)) {
  process.stderr.write(`${name}\n`);
  profiles.set(name, await profile(name, loads[name] as ServerLoad));
}
const measured = chosen.includes(MEMORY) && canReadMemory();
const memory = measured ? await measureIdleMemory() : before.memory;
const inOrder = names.map((name) => profiles.get(name)).filter((each) => each !== undefined);
writeProfiles({ machine: describeMachine(), profiles: inOrder, memory });
process.stderr.write('npm run bench-report brings the figures into docs/performance.md\n');
process.exit(0);

async function profile(name: string, load: ServerLoad): Promise<Profiled> {
  const folder = makeFolder();
  const clock = new ThreadClock();
  const nodeFlags = [
    ...clock.flags,
    '--cpu-prof',
    `--cpu-prof-dir=${folder}`,
    `--cpu-prof-interval=${SAMPLE_US}`,
  ];
  const { workers = 1 } = load;
  const server = await CaxtonServer.start({ workers, nodeFlags });
  try {
    await load.deploy(server);
    await load.run(server, WARM_SECONDS);
    const handled = await server.settled();
    const from_us = profileTime_us();
    const before = clock.read(server.pid);
    await load.run(server, SECONDS);
    const messages = (await server.settled()) - handled;
    await server.written();
    const after = clock.read(server.pid);
    const period = { from_us, to_us: profileTime_us() };
    await server.stop();
    const threads = threadsOf(folder, name, period).map(({ role, stacks }) => {
      const cpu_us = after[role] - before[role];
      const awake = role === 'writer' ? stacks : withoutMissedSleep(stacks, cpu_us);
      return threadOf(name, role, withNativeTime(awake, cpu_us), cpu_us / messages);
    });
    const seconds = (period.to_us - period.from_us) / 1e6;
    const date = new Date().toISOString();
    return { name, date, commit, seconds, messages, threads };
  } finally {
    await server.stop();
    removeFolder(folder);
  }
}

interface ThreadStacks {
  readonly role: ProfiledRole;
  readonly stacks: readonly Stack[];
}

function threadsOf(folder: string, name: string, period: Period): ThreadStacks[] {
  const found = new Map<ProfiledRole, Stack[]>(PROFILED_ROLES.map((role) => [role, []]));
  for (const file of readdirSync(folder)) {
    const read = readProfile(join(folder, file));
    const role = roleOf(read);
    if (role !== undefined) found.get(role)?.push(...stacksOf(read, period));
  }
  return [...found].map(([role, stacks]) => {
    if (stacks.length === 0) throw new Error(`${name}: there is no profile of the ${role} thread`);
    return { role, stacks };
  });
}

function threadOf(
  name: string,
  role: ProfiledRole,
  stacks: readonly Stack[],
  us_per_message: number,
): ProfiledThread {
  const common = { role, times: timesOf(stacks), us_per_message };
  if (!DRAWN.includes(role)) return common;
  const flame = `flame-${name.replaceAll('_', '-')}-${role}.svg`;
  writeFileSync(join(OUT, flame), flameGraph(stacks, `${name}: ${role} thread`));
  return { ...common, flame };
}

/** Which thread a profile is of: each runs a script that no other does. */
function roleOf({ nodes }: CpuProfile): ProfiledRole | undefined {
  const runs = (script: string): boolean =>
    nodes.some(({ callFrame }) => callFrame.url.endsWith(script));
  if (runs('/src/store/writer-thread.js')) return 'writer';
  if (runs('/src/worker/agent-worker.js')) return 'worker';
  return runs('/src/cli/main.js') ? 'main' : undefined;
}
