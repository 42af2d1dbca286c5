import type { SourceTree } from './source-tree.js';

const LINES_MAX = 400;
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.as)?\.ts$/;
const FOLDER_NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

// In pieces, so that this file doesn't find itself.
const LEFT_FOR_LATER = new RegExp(
  `\\b(${['TO', 'FIX', 'XX', 'HA'].map((head, i) => head + ['DO', 'ME', 'X', 'CK'][i]).join('|')})\\b`,
);
const CHOSEN_TESTS = /\b(?:test|it|describe|suite|t)\.(?:only|skip|todo)\(|\b(?:only|todo):\s*true/;
const MACHINE_PATH =
  /(?<![\w.])\/(?:home|root|Users|work)\/[\w.]|\b[A-Z]:\\\\?Users\b|\.\.\/shared\//;

/** Lines where `pattern` is found, as `path:line: text`. */
function find(tree: SourceTree, pattern: RegExp): string[] {
  return [...tree].flatMap(([path, text]) =>
    text
      .split('\n')
      .map((line, i) => ({ line, place: `${path}:${i + 1}` }))
      .filter(({ line }) => pattern.test(line))
      .map(({ line, place }) => `${place}: ${line.trim()}`),
  );
}

/** Work put off in a comment. */
export const leftForLater = (tree: SourceTree): string[] => find(tree, LEFT_FOR_LATER);

/** Tests that run alone, or not at all. */
export const chosenTests = (tree: SourceTree): string[] => find(tree, CHOSEN_TESTS);

/** Paths that exist on one machine only. */
export const machinePaths = (tree: SourceTree): string[] => find(tree, MACHINE_PATH);

export function longFiles(tree: SourceTree): string[] {
  return [...tree]
    .map(([path, text]) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > LINES_MAX)
    .map(({ path, lines }) => `${path}: ${lines} lines, at most ${LINES_MAX}`);
}

export function badNames(tree: SourceTree): string[] {
  return [...tree.keys()].filter((path) => {
    const parts = path.split('/');
    const file = parts.pop()!;
    return !FILE_NAME.test(file) || parts.some((folder) => !FOLDER_NAME.test(folder));
  });
}
