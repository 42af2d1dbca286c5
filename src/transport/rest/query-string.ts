import { invalidRequest } from '../../base/errors.js';
import { closest } from '../../base/suggest.js';

/** The JSON schema of one input field, as far as reading its text from a URL needs it. */
interface FieldSchema {
  readonly type?: string;
}

/** Which query parameters an operation has, and of which types. */
export interface QueryFields {
  readonly names: readonly string[];
  readonly schemas: Readonly<Record<string, FieldSchema>>;
}

/**
 * Reads a query string into input fields. Text that does not fit the field's type stays text, for
 * the check of the input to refuse by the rule it breaks.
 * @throws CaxtonError INVALID_REQUEST on a parameter that is unknown or given twice
 */
export function readQuery(query: string, fields: QueryFields): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, text] of new URLSearchParams(query)) {
    if (!fields.names.includes(name)) throw unknownParameter(name, fields.names);
    if (Object.hasOwn(input, name)) {
      throw invalidRequest(`${name} is given twice in the query; give it once.`, name);
    }
    input[name] = coerce(text, fields.schemas[name]?.type);
  }
  return input;
}

function coerce(text: string, type: string | undefined): unknown {
  if ((type === 'integer' || type === 'number') && /^-?\d{1,16}(\.\d{1,16})?$/.test(text)) {
    return Number(text);
  }
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function unknownParameter(name: string, names: readonly string[]): Error {
  const meant = closest(name, names);
  const mend =
    names.length === 0
      ? 'this operation has none'
      : meant === undefined
        ? `use ${names.join(', ')}`
        : `did you mean ${meant}?`;
  return invalidRequest(`${name} is not a query parameter here: ${mend}`, name, {
    allowed: names,
  });
}
