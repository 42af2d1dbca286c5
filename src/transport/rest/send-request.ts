import { CheckedMessage, type SendRequest } from '../../api/operations/messages.js';
import { JsonMessageReader } from '../../fipa/json-message.js';
import { bodyKind } from './request-body.js';

type Fields = Record<string, unknown>;

/** A message's fields are the body itself, with the delivery options among them. */
export function sendRequest(fromUrl: Fields, body: Fields): SendRequest {
  let message = body;
  let options: unknown;
  if (body.options !== undefined) ({ options, ...message } = body);
  return requestOf(message, options, fromUrl);
}

/** Reads sends whose message is as most are, without an object made of the body in between. */
export class PlainSendReader {
  readonly #reader = new JsonMessageReader();
  readonly #contentBytes: number;

  /** @param contentBytes the limit of a message's content */
  constructor(contentBytes: number) {
    this.#contentBytes = contentBytes;
  }

  /**
   * @param bytes of the body
   * @returns undefined when the message is not a plain one
   * @throws CaxtonError INVALID_REQUEST on a type of content that is not read
   */
  read(bytes: Buffer, contentType: string, fromUrl: Fields): SendRequest | undefined {
    bodyKind(contentType, false);
    const message = this.#reader.read(bytes, 0, bytes.length, this.#contentBytes, true);
    if (message === undefined) return undefined;
    const { options } = this.#reader;
    return requestOf(
      new CheckedMessage(message),
      options === '' ? undefined : JSON.parse(options),
      fromUrl,
    );
  }
}

function requestOf(message: unknown, options: unknown, fromUrl: Fields): SendRequest {
  // One shape for all requests: copying the fields as they come would make many.
  return {
    message,
    options: options as SendRequest['options'],
    wait: fromUrl.wait as boolean | undefined,
    timeout_ms: fromUrl.timeout_ms as number | undefined,
    until: fromUrl.until as SendRequest['until'],
  };
}
