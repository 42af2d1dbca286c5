import { invalidRequest } from '../base/errors.js';
import { jsonErrorPosition } from './json-position.js';

/**
 * Reads JSON text from a client.
 * @param field named in the error
 * @param subject how the error calls the text at the start of its sentence
 * @throws CaxtonError INVALID_REQUEST that says where the text stops being JSON
 */
export function parseJson(text: string, field: string, subject: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const position = jsonErrorPosition(text) ?? text.length;
    const what =
      position >= text.length
        ? 'it ends too early'
        : `unexpected ${JSON.stringify(text.slice(position, position + 12))}`;
    throw invalidRequest(`${subject} is not valid JSON: ${what} at position ${position}.`, field, {
      position,
    });
  }
}
