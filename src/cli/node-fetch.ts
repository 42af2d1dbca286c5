import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { LIMITS } from '../base/limits.js';

export interface NodeFetchOptions {
  /** Certificates in PEM to trust the server by; undefined = the well-known ones. */
  readonly ca: string | undefined;
  /** Gets the text of each answer as it came. */
  heard?(text: string): void;
}

/** The statuses with which a Response may have no body (Fetch Standard, null body status). */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * A fetch for the SDK, as far as it needs one. Built on node:http, as that of Node.js takes no
 * certificates and gives up on an answer that takes longer than five minutes, and a message may be
 * waited for longer. Redirects are not followed.
 */
export function nodeFetch(options: NodeFetchOptions): typeof fetch {
  return async (input, init = {}) => {
    const response = await exchange(new URL(String(input)), init, options);
    const text = await readText(response);
    options.heard?.(text);
    const status = response.statusCode as number;
    const headers = new Headers();
    for (const [name, values] of Object.entries(response.headersDistinct)) {
      for (const value of values ?? []) headers.append(name, value);
    }
    return new Response(WITHOUT_BODY.has(status) ? null : text, { status, headers });
  };
}

function exchange(
  url: URL,
  { method, headers, body, signal }: RequestInit,
  { ca }: NodeFetchOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, {
      method,
      headers: headers as Record<string, string>,
      agent: false,
      ...(signal && { signal }),
      ...(ca !== undefined && { ca }),
    });
    request.on('error', reject);
    request.on('response', resolve);
    limitConnecting(request);
    request.end(body);
  });
}

/** The whole body of an answer. */
export async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

// Only connecting is limited: an answer may take as long as the server was asked to wait.
function limitConnecting(request: ClientRequest): void {
  const limit_ms = LIMITS.client_connect_ms;
  const timer = setTimeout(() => {
    request.destroy(new Error(`no connection within ${limit_ms / 1_000} seconds`));
  }, limit_ms);
  const stop = (): void => clearTimeout(timer);
  request.on('socket', (socket) => socket.once('connect', stop));
  request.once('close', stop);
}
