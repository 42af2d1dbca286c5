import { isCommit } from '../harness/versions.js';
import type { IdleMemory } from '../profile/idle-memory.js';
import type { Profiled, Profiles } from '../profile/profiles.js';
import { functionsTable, timesTable } from '../profile/times-table.js';
import { figure } from './figures.js';
import { markdownTable } from './markdown.js';

/** Flame graphs of a load and the tables of where its time goes. */
export function profileSection({ profiles }: Profiles, name: string): string {
  const profiled = profiles.find((each) => each.name === name);
  const command = `\`npm run bench-profile -- ${name}\``;
  if (profiled === undefined) return `Not profiled yet: ${command} does it.`;
  const { commit, date } = profiled;
  const at = isCommit(commit) ? `, measured at commit ${commit}` : ', measured';
  return [
    ...pictures(profiled),
    `${command}${at} on ${date.slice(0, 10)}: ${figure(profiled.messages)} messages in ${figure(profiled.seconds)} s on one worker. Shares are of the time in which the thread did something.`,
    timesTable(profiled.threads),
    functionsTable(profiled.threads),
  ].join('\n\n');
}

function pictures({ name, threads }: Profiled): string[] {
  return threads.flatMap(({ role, flame }) =>
    flame === undefined ? [] : [`![Flame graph of ${name}, ${role} thread](performance/${flame})`],
  );
}

const MB = 1e6;
const mb = (bytes: number): string => `${figure(bytes / MB)} MB`;

/** What the memory of an idle server is made of. */
export function memorySection({ memory }: Profiles): string {
  if (memory === null) return 'Not measured yet: `npm run bench-profile -- idle_memory` does it.';
  return [parts(memory), kinds(memory), mainHeap(memory)].join('\n\n');
}

function parts({ node, one_worker, four_workers }: IdleMemory): string {
  const worker = (four_workers - one_worker) / 3;
  const rest = one_worker - node - worker;
  return markdownTable(
    [{ title: 'Part' }, { title: 'Resident memory', right: true }],
    [
      ['Node.js that does nothing', mb(node)],
      ['one worker thread (four less one, each)', mb(worker)],
      ['the server: main thread, history’s writer, code, buffers', mb(rest)],
      ['**an idle server with one worker**', mb(one_worker)],
      ['an idle server with four', mb(four_workers)],
    ],
  );
}

function kinds({ kinds }: IdleMemory): string {
  const sorted = Object.entries(kinds).sort(([, a], [, b]) => b - a);
  return markdownTable(
    [{ title: 'Of that with one worker' }, { title: 'Resident memory', right: true }],
    sorted.map(([kind, bytes]) => [kind, mb(bytes)]),
  );
}

function mainHeap({ main }: IdleMemory): string {
  return markdownTable(
    [{ title: 'Of that, the main thread’s' }, { title: 'Size', right: true }],
    [
      ['JavaScript heap, as the engine set it aside', mb(main.heapTotal)],
      ['objects in it', mb(main.heapUsed)],
      ['buffers and rings; only touched pages are in memory', mb(main.external)],
    ],
  );
}
