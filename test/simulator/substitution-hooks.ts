/*
 * Module hooks, in a thread of Node's own: what the product imports from these packages it gets
 * from ./substitutes. Nothing else of it is replaced.
 */

interface Resolved {
  readonly url: string;
  readonly shortCircuit?: boolean;
}

type NextResolve = (specifier: string, context: unknown) => Promise<Resolved>;

interface Loaded {
  readonly source: string | Uint8Array;
}

type NextLoad = (url: string, context: unknown) => Promise<Loaded>;

const SUBSTITUTES: Readonly<Record<string, string>> = Object.freeze({
  'node:worker_threads': './substitutes/worker-threads.js',
  'node:timers/promises': './substitutes/timers-promises.js',
  piscina: './substitutes/piscina.js',
  lmdb: './substitutes/lmdb.js',
});

const NO_CHANCE = './substitutes/no-chance.js';
/** Looking at a ring for long before sleeping is only about time, of which there is none here. */
const ONE_CORE = './substitutes/one-core.js';

/** Constants of which the product's value would take most of the time, and nothing hangs on it. */
const SMALLER: ReadonlyArray<readonly [file: string, theirs: string, ours: string]> = [
  ['/runtime/text-table.js', 'CHAINS = 16_384', 'CHAINS = 64'],
  ['/metrics/latency-histogram.js', 'HIGHEST_US = 3_600_000_000', 'HIGHEST_US = 4_095'],
  ['/ring/consumer.js', 'LOOKS = 100', 'LOOKS = 4'],
];

export async function resolve(
  specifier: string,
  context: { readonly parentURL?: string },
  nextResolve: NextResolve,
): Promise<Resolved> {
  const parent = context.parentURL ?? '';
  const substitute = parent.includes('/dist/src/') ? substituteFor(specifier, parent) : undefined;
  if (substitute === undefined) return nextResolve(specifier, context);
  return { url: new URL(substitute, import.meta.url).href, shortCircuit: true };
}

function substituteFor(specifier: string, parent: string): string | undefined {
  if (specifier.endsWith('/limits.js')) return './substitutes/limits.js';
  if (specifier === 'node:crypto' && parent.endsWith('/base/ids.js')) return NO_CHANCE;
  if (specifier === 'node:os' && parent.endsWith('/ring/patience.js')) return ONE_CORE;
  return Object.hasOwn(SUBSTITUTES, specifier) ? SUBSTITUTES[specifier] : undefined;
}

export async function load(url: string, context: unknown, nextLoad: NextLoad): Promise<Loaded> {
  const loaded = await nextLoad(url, context);
  const smaller = SMALLER.find(([file]) => url.endsWith(`/dist/src${file}`));
  if (smaller === undefined) return loaded;
  const [file, theirs, ours] = smaller;
  const source = Buffer.from(loaded.source).toString('utf8');
  if (!source.includes(theirs)) throw new Error(`${file} has no ${theirs} any more`);
  return { ...loaded, source: source.replace(theirs, ours) };
}
