import { FORM_PARTS } from '../../api/operation.js';
import { invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { parseJson } from '../parse-json.js';
import type { Uws, UwsPart } from '../uws-loader.js';

const { file: FILE_PART, config: CONFIG_PART } = FORM_PARTS;

/**
 * Reads a multipart form with the file `wasm` and the JSON text `config`.
 * @param file the operation's field that the file goes to
 * @throws CaxtonError INVALID_REQUEST naming the part
 */
export function readForm(
  uws: Uws,
  body: Buffer,
  contentType: string,
  file: string,
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const part of partsOf(uws, body, contentType)) {
    const field = part.name === FILE_PART ? file : String(part.name);
    if (part.name !== FILE_PART && part.name !== CONFIG_PART) throw unknownPart(part.name);
    if (Object.hasOwn(input, field)) {
      throw invalidRequest(`${part.name} is given twice in the form; give it once.`, part.name);
    }
    // Copied: the part is a view of the body, which is gone when this request's handler returns.
    const bytes = new Uint8Array(part.data.slice(0));
    input[field] =
      part.name === FILE_PART
        ? bytes
        : parseJson(Buffer.from(bytes), LIMITS.environment_bytes, CONFIG_PART, CONFIG_PART);
  }
  if (input[file] === undefined) {
    throw invalidRequest(
      `${FILE_PART} is missing: send the module as a file, such as -F "wasm=@agent.wasm".`,
      FILE_PART,
    );
  }
  return input;
}

function unknownPart(name: string | undefined): Error {
  // An answer need not repeat megabytes of it.
  const shown = name?.slice(0, LIMITS.field_bytes);
  return invalidRequest(
    `${shown ?? 'A part without a name'} is not a part of this form; send ${FILE_PART} and ${CONFIG_PART}.`,
    shown ?? 'name',
    { allowed: [FILE_PART, CONFIG_PART] },
  );
}

function partsOf(uws: Uws, body: Buffer, contentType: string): UwsPart[] {
  const boundary = boundaryOf(contentType);
  const parts =
    boundary === undefined
      ? undefined
      : uws.getParts(body, `multipart/form-data; boundary=${boundary}`);
  if (parts === undefined || parts.length === 0) {
    throw invalidRequest(
      'The body is not a complete multipart form with the boundary that content-type names.',
      'body',
    );
  }
  return parts;
}

// The library's parser takes the boundary up to the header's end, and knows no quotes.
function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/**
 * Decodes base64 (RFC 4648, section 4), in which JSON carries a module.
 * @throws CaxtonError INVALID_REQUEST naming the field
 */
export function decodeBase64(value: unknown, field: string): Uint8Array {
  const bytes = typeof value === 'string' ? bytesOfBase64(value) : undefined;
  if (bytes === undefined) {
    throw invalidRequest(
      `${field} must be a module in base64: the letters A–Z, a–z, 0–9, + and /, padded with =.`,
      field,
    );
  }
  return bytes;
}

// Not a pattern over the text, which for a large module would hold up the messages of everybody:
// the decoder passes over what is no base64, so that it shows in the length.
function bytesOfBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const expectedBytes = (text.length / 4) * 3 - padding;
  // It takes the letters of base64url as well, and other scripts' by their last byte.
  const foreign =
    text.includes('-') || text.includes('_') || Buffer.byteLength(text) !== text.length;
  if (text.length % 4 !== 0 || foreign) return undefined;
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  return bytes.length === expectedBytes ? bytes : undefined;
}
