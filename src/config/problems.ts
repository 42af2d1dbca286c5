import { CaxtonError } from '../base/errors.js';

/** Where a value came from; later ones win: default < file < env < flag. */
export type Source = 'default' | 'file' | 'env' | 'flag';

export interface Problem {
  /** Full name of the setting, such as `limits.content_bytes`. */
  readonly field: string;
  readonly source: Source;
  readonly message: string;
}

/** The settings that one source gives, before they are checked. */
export interface Layer {
  readonly source: Source;
  readonly values: unknown;
  /** What was wrong already when the source was read. */
  readonly problems: readonly Problem[];
  /** Says where a setting stands, for a person: "caxton.yaml, line 3" or "CAXTON_HTTP". */
  locate(path: readonly string[]): string;
}

/** A key that can stand in a name as it is. */
const PLAIN_KEY = /^[^\s".[\]]+$/;

/** `['tokens', '0', 'role']` → `tokens[0].role`; a key that nobody can mean to is quoted. */
export function fieldName(path: readonly string[]): string {
  return path
    .map((key, i) => {
      if (/^\d+$/.test(key)) return `[${key}]`;
      const name = PLAIN_KEY.test(key) ? key : JSON.stringify(key);
      return i === 0 ? name : `.${name}`;
    })
    .join('');
}

/** @throws INVALID_REQUEST that lists every problem; does nothing when there is none */
export function throwProblems(problems: readonly Problem[]): void {
  const first = problems[0];
  if (!first) return;
  const message =
    problems.length === 1
      ? first.message
      : `The configuration has ${problems.length} problems:\n${problems.map((p) => `- ${p.message}`).join('\n')}`;
  throw new CaxtonError('INVALID_REQUEST', message, {
    field: first.field,
    source: first.source,
    problems,
  });
}
