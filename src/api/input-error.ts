import type { ErrorObject } from 'ajv/dist/2020.js';
import { type CaxtonError, invalidRequest } from '../base/errors.js';

/** Says in the API's words which rule of a schema an input breaks, and in which field. */
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
    default:
      return invalidRequest(`${path === '' ? 'The input' : path} ${error.message}.`, path, {
        rule: error.keyword,
        ...(error.params.limit === undefined ? {} : { limit: error.params.limit }),
      });
  }
}
