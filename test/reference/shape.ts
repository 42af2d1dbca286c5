import type { RealValues } from './printed/exchange.js';

/** A field that holds an id of the server's; other fields hold names, which are anybody's. */
const ID_FIELD = /(_id|^assigned_to)$/;

/** What a sample shows of a text, and what any text of its kind looks like. */
const FORMATS: ReadonlyArray<readonly [kind: string, pattern: RegExp]> = [
  ['a time of RFC 3339', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/],
  ['a size such as 50MB', /^\d+(\.\d+)?[KMG]?B$/],
  ['thousandths of a core such as 50m', /^\d+m$/],
  ['a version', /^\d+\.\d+\.\d+$/],
];

const IDS: typeof FORMATS = ['agent', 'deploy', 'reload', 'msg', 'task', 'sub'].map((kind) => [
  `an id ${kind}_…`,
  new RegExp(`^${kind}_\\w+$`),
]);

/** Fields whose printed text is a word of the API and not a sample, whatever object they are in. */
const WORDS = new Set([
  'code',
  'lifecycle_state',
  'performative',
  'period',
  'result',
  'severity',
  'status',
  'strategy',
  'type',
]);

export interface ShapeRules {
  /** What the walk put in the place of sample values must come back in the place of them. */
  readonly real?: RealValues;
  /** Words that may stand for a printed one, by the path of its field without places in lists. */
  readonly documented?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Where an answer departs from a printed sample: fields that are missing, of another type, or in
 * another format than the sample shows. An answer may have fields that aren't printed. Each item of
 * a list has the shape of the printed item at its place, or of the last printed one.
 */
export function departures(
  printed: unknown,
  actual: unknown,
  rules: ShapeRules = {},
  path = '',
): string[] {
  if (Array.isArray(printed)) return listDepartures(printed, actual, rules, path);
  if (typeof printed === 'object' && printed !== null) {
    return objectDepartures(printed, actual, rules, path);
  }
  if (typeof actual !== typeof printed) {
    return [`${path} is ${describe(actual)}, printed: ${describe(printed)}`];
  }
  const wrong =
    typeof printed === 'string'
      ? textDeparture(printed, actual as string, rules, path)
      : numberDeparture(printed as number, actual as number, path);
  return wrong === undefined ? [] : [`${path} is ${describe(actual)}, not ${wrong}`];
}

function objectDepartures(
  printed: object,
  actual: unknown,
  rules: ShapeRules,
  path: string,
): string[] {
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) {
    return [`${path} is ${describe(actual)}, printed: an object`];
  }
  return Object.entries(printed).flatMap(([name, sample]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    if (!Object.hasOwn(actual, name)) return [`${inner} is missing`];
    return departures(sample, (actual as Record<string, unknown>)[name], rules, inner);
  });
}

function listDepartures(
  printed: readonly unknown[],
  actual: unknown,
  rules: ShapeRules,
  path: string,
): string[] {
  if (!Array.isArray(actual)) return [`${path} is ${describe(actual)}, printed: a list`];
  if (actual.length < printed.length) {
    return [`${path} has ${actual.length} items, printed: ${printed.length}`];
  }
  return actual.flatMap((item, i) =>
    departures(printed[Math.min(i, printed.length - 1)], item, rules, path),
  );
}

function textDeparture(
  printed: string,
  actual: string,
  { real = {}, documented = {} }: ShapeRules,
  path: string,
): string | undefined {
  const wanted = real[printed];
  if (typeof wanted === 'string') return actual === wanted ? undefined : wanted;
  const words = documented[path] ?? (WORDS.has(path.split('.').at(-1)!) ? [printed] : undefined);
  if (words !== undefined) return words.includes(actual) ? undefined : words.join(' or ');
  const formats = ID_FIELD.test(path) ? IDS : FORMATS;
  const format = formats.find(([, pattern]) => pattern.test(printed));
  return format === undefined || format[1].test(actual) ? undefined : format[0];
}

function numberDeparture(printed: number, actual: number, path: string): string | undefined {
  if (!(actual >= 0 && Number.isFinite(actual))) return 'a number that counts or measures';
  if (/percent(age)?$/.test(path)) return actual <= 100 ? undefined : 'a percentage';
  const isShare = printed > 0 && printed < 1;
  return isShare && actual > 1 ? 'a share' : undefined;
}

function describe(value: unknown): string {
  return `${Array.isArray(value) ? 'list' : typeof value} ${JSON.stringify(value)}`;
}
