import { invalidRequest } from '../base/errors.js';
import { jsonErrorPosition } from './json-position.js';
import { checkJsonWeight } from './json-weight.js';

/**
 * Reads JSON text from a client.
 * @param contentBytes the limit of a message's content, by which the text is bounded
 * @param field named in the error
 * @param subject how the error calls the text at the start of its sentence
 * @throws CaxtonError INVALID_REQUEST that says where the text stops being JSON
 */
export function parseJson(
  bytes: Buffer,
  contentBytes: number,
  field: string,
  subject: string,
): unknown {
  checkJsonWeight(bytes, contentBytes, field, subject);
  const text = bytes.toString();
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
