import type { UwsHandler } from '../uws-loader.js';

/**
 * The handler of a GET for HEAD: the same answer with its length and without its body
 * (RFC 9110, section 9.3.2).
 */
export function withoutBody(handler: UwsHandler): UwsHandler {
  return (response, request) => {
    // The response is this request's own; its end is the one door for bodies.
    response.end = (body = '', closeConnection = false) =>
      response.endWithoutBody(Buffer.byteLength(body), closeConnection);
    handler(response, request);
  };
}
