import type { ErrorObject } from 'ajv/dist/2020.js';
import { type CaxtonError, invalidRequest } from '../base/errors.js';

/**
 * Says in the API's words which rule of a schema an input breaks, and in which field.
 * @param error of a validator that is verbose, so that rules can be told in the schema's words
 */
export function inputError(error: ErrorObject): CaxtonError {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const within = (name: unknown) => (path === '' ? String(name) : `${path}.${String(name)}`);
  switch (error.keyword) {
    case 'required': {
      const field = within(error.params.missingProperty);
      return invalidRequest(`${field} is missing.`, field);
    }
    case 'additionalProperties': {
      const field = within(error.params.additionalProperty);
      return invalidRequest(`${field} is not a known field; remove it.`, field);
    }
    case 'enum': {
      const allowed = error.params.allowedValues as unknown[];
      return invalidRequest(`${path} must be one of ${allowed.join(', ')}.`, path, { allowed });
    }
    case 'type':
      return breaks(`must be ${typeWords(error.params.type as string | string[])}`);
    case 'pattern':
      // The rule in words; a pattern is nothing to show.
      return breaks(`must be ${error.parentSchema?.description ?? 'written in another way'}`);
    case 'minLength':
    case 'maxLength':
      return breaks(lengthWords(error, 'characters'));
    case 'minProperties':
    case 'maxProperties':
    case 'minItems':
    case 'maxItems':
      return breaks(lengthWords(error, 'entries'));
    case 'minimum':
      return breaks(`must be at least ${error.params.limit}`);
    case 'maximum':
      return breaks(`must be at most ${error.params.limit}`);
    default:
      return breaks(String(error.message));
  }

  function breaks(rule: string): CaxtonError {
    const subject = path === '' ? 'The input' : path;
    const named = error.propertyName === undefined ? subject : `A name in ${subject}`;
    return invalidRequest(`${named} ${rule}.`, path, {
      rule: error.keyword,
      ...(error.params.limit === undefined ? {} : { limit: error.params.limit }),
    });
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

function typeWords(types: string | readonly string[]): string {
  return [types]
    .flat()
    .map((type) => TYPE_WORDS[type] ?? type)
    .join(' or ');
}

function lengthWords({ keyword, params }: ErrorObject, unit: string): string {
  if (keyword.startsWith('max')) return `may have at most ${params.limit} ${unit}`;
  return params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} ${unit}`;
}
