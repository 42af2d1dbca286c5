import type { ErrorBody } from '../../src/base/errors.js';
import { deployForm, type RestAnswer, request } from '../support/rest-client.js';
import type { TestServer } from '../support/server.js';
import { queryFields, type ReferenceClient, withReal } from './client.js';
import type { PrintedExchange, RealValues } from './printed/exchange.js';

/** Sends a printed request over REST, with the token's header as printed. */
export function requestAsPrinted(
  server: TestServer,
  exchange: PrintedExchange,
  real: RealValues = {},
  token?: string,
): Promise<RestAnswer> {
  const headers: Record<string, string> = token === undefined ? {} : { 'X-Caxton-Token': token };
  const path = exchange.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(withReal(exchange.parameters?.[name], real))),
  );
  const query = new URLSearchParams(queryFields(exchange, real));
  const url = `${server.url}${path}${query.size === 0 ? '' : `?${query}`}`;
  return request(url, exchange.method, bodyOf(exchange, real), headers);
}

function bodyOf({ form, request: body }: PrintedExchange, real: RealValues): unknown {
  if (form === undefined) return body && withReal(body, real);
  return deployForm(real[form.wasm] as Uint8Array<ArrayBuffer>, form.config);
}

export function restReferenceClient(server: TestServer, token?: string): ReferenceClient {
  return {
    ask: async (exchange, real) => {
      const answer = await requestAsPrinted(server, exchange, real, token);
      if (answer.status >= 300) throw new Error(`${exchange.section}: ${answer.text}`);
      return answer.body;
    },
    refusal: async (exchange, real) => {
      const { status, text, body } = await requestAsPrinted(server, exchange, real, token);
      if (status < 300) throw new Error(`${exchange.section} was not refused: ${text}`);
      return { status, error: (body as ErrorBody).error };
    },
    close: () => {},
  };
}
