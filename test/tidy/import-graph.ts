import { posix } from 'node:path';
import type { SourceTree } from './source-tree.js';

/**
 * Layers from the lowest up. Imports run downwards only, and units of one layer don't import each
 * other. The longest prefix that fits a path is its unit; what stands in src/transport itself is
 * what its folders share.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['src/base/'],
  ['src/config/', 'src/fipa/', 'src/ring/', 'src/wasm/', 'src/metrics/'],
  ['src/wire/', 'src/store/'],
  ['src/worker/', 'src/pool/'],
  ['src/runtime/'],
  ['src/api/'],
  ['src/transport/'],
  ['src/transport/rest/', 'src/transport/ws/', 'src/transport/grpc/'],
  ['src/server.ts'],
  ['src/cli/'],
];

interface Place {
  readonly layer: number;
  readonly unit: string;
}

function placeOf(path: string): Place | undefined {
  const fits = LAYERS.flatMap((units, layer) =>
    units.filter((unit) => path.startsWith(unit)).map((unit) => ({ layer, unit })),
  );
  return fits.sort((a, b) => b.unit.length - a.unit.length)[0];
}

const STATEMENT = /^[ \t]*(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm;
const BARE_STATEMENT = /^[ \t]*import\s*['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g;
const MODULE_URL = /\bnew URL\(\s*['"]([^'"]+\.js)['"],\s*import\.meta\.url/g;

function matches(text: string, patterns: readonly RegExp[]): string[] {
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]!));
}

/** The module specifiers that a source imports or exports from. */
export function importsOf(text: string): string[] {
  return matches(text, [STATEMENT, BARE_STATEMENT, DYNAMIC]);
}

/** The files that a source starts by their URL, as threads are. */
export function moduleUrlsOf(text: string): string[] {
  return matches(text, [MODULE_URL]);
}

/** `../base/ids.js` as written in src/fipa/message.ts → `src/base/ids.ts`. */
function resolveFrom(path: string, specifier: string): string {
  const joined = posix.join(posix.dirname(path), specifier);
  return joined.replace(/\.js$/, '.ts');
}

const isRelative = (specifier: string): boolean => specifier.startsWith('.');

function edges(tree: SourceTree): Map<string, string[]> {
  return new Map(
    [...tree].map(([path, text]) => [
      path,
      importsOf(text)
        .filter(isRelative)
        .map((specifier) => resolveFrom(path, specifier)),
    ]),
  );
}

/** Imports that run upward, across the units of one layer, or to a file that isn't there. */
export function layerViolations(tree: SourceTree): string[] {
  const found: string[] = [];
  for (const [path, targets] of edges(tree)) {
    const from = placeOf(path);
    if (!from) {
      found.push(`${path} is in no layer`);
      continue;
    }
    for (const target of targets) {
      const to = placeOf(target);
      if (!to || !tree.has(target)) found.push(`${path} imports ${target}, which is not there`);
      else if (to.layer > from.layer) found.push(`${path} imports upward: ${target}`);
      else if (to.layer === from.layer && to.unit !== from.unit) {
        found.push(`${path} imports across its layer: ${target}`);
      }
    }
  }
  return found;
}

/** Each import cycle once, as `a → b → a`. */
export function importCycles(tree: SourceTree): string[] {
  const graph = edges(tree);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push([...trail.slice(start), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

/** Files that can't be reached from the entry points by imports or by URLs of threads. */
export function orphans(tree: SourceTree, entries: readonly string[]): string[] {
  const reached = new Set<string>();
  const queue = [...entries];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const text = tree.get(path);
    if (text === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const specifier of [...importsOf(text).filter(isRelative), ...moduleUrlsOf(text)]) {
      queue.push(resolveFrom(path, specifier));
    }
  }
  return [...tree.keys()].filter((path) => !reached.has(path));
}

/** Packages that sources import, by name; Node's own modules are left out. */
export function packagesOf(tree: SourceTree): Map<string, string> {
  const packages = new Map<string, string>();
  for (const [path, text] of tree) {
    for (const specifier of importsOf(text)) {
      if (isRelative(specifier) || specifier.startsWith('node:')) continue;
      const parts = specifier.split('/');
      packages.set(parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'), path);
    }
  }
  return packages;
}
