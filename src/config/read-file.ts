import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { fieldName, type Layer, type Problem, throwProblems } from './problems.js';

/**
 * Reads a YAML file into a layer of settings.
 * @throws INVALID_REQUEST when the file can't be read, with the line of each syntax error or
 * duplicate key
 */
export function readConfigFile(file: string): Layer {
  const text = readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
  });
  const refuse = (message: string, line?: number): Problem => ({
    field: 'config',
    source: 'file',
    message: `${file}${line ? `, line ${line}` : ''}: ${message}`,
  });
  throwProblems(
    [...document.errors, ...document.warnings].map((error) =>
      refuse(error.message, lines.linePos(error.pos[0]).line),
    ),
  );

  const root = document.contents;
  if (root !== null && !isMap(root) && !(isScalar(root) && root.value === null)) {
    throwProblems([refuse('the file must hold settings as "name: value" lines', 1)]);
  }
  const locate = (path: readonly string[]): string => {
    const offset = offsetOf(root, path);
    return offset === undefined ? file : `${file}, line ${lines.linePos(offset).line}`;
  };
  const values = toValues(() => document.toJS(), refuse);
  const circle = pathOfCircle(values, []);
  if (circle !== undefined) {
    throwProblems([refuse(`${fieldName(circle)} holds itself, by an alias; write out its value`)]);
  }
  return { source: 'file', values, problems: [], locate };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The config file ${file} can't be read: ${reason}`;
    throwProblems([{ field: 'config', source: 'file', message }]);
    return '';
  }
}

/** Aliases are resolved only here, and a chain of them that grows too large is refused here. */
function toValues(read: () => unknown, refuse: (message: string) => Problem): unknown {
  try {
    return read() ?? {};
  } catch (error) {
    throwProblems([refuse(error instanceof Error ? error.message : String(error))]);
    return {};
  }
}

/** Where the key (or the list entry) of a path stands in the text. */
function offsetOf(root: unknown, path: readonly string[]): number | undefined {
  let node = root;
  let offset: number | undefined;
  for (const key of path) {
    if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
      continue;
    }
    if (!isMap(node)) break;
    const pair = node.items.find(({ key: own }) => nameOf(own) === key);
    if (!pair) break;
    offset = (pair.key as Node | null)?.range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}

/** A key as it names a value; one that is left out is the empty name. */
function nameOf(key: unknown): string {
  const value = isScalar(key) ? key.value : key;
  return value === null ? '' : String(value);
}

/** The path of a value that is one of those around it, which an alias makes possible. */
function pathOfCircle(
  value: unknown,
  path: readonly string[],
  around: readonly unknown[] = [],
): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (around.includes(value)) return path;
  for (const [key, child] of Object.entries(value)) {
    const found = pathOfCircle(child, [...path, key], [...around, value]);
    if (found !== undefined) return found;
  }
  return undefined;
}
