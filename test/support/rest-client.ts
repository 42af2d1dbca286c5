import { ApiFailure } from '../api/driver.js';

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
}

/** One request; a `body` that is neither text nor a form goes as JSON. */
export async function request(
  url: string,
  method: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<RestAnswer> {
  const raw = typeof body === 'string' || body instanceof FormData || body instanceof Uint8Array;
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}

/** The body of a successful answer; any other rejects with what the error says. */
export async function call<T>(
  url: string,
  method: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> {
  const answer = await request(url, method, body, headers);
  if (answer.status >= 300) throw failureOf(answer.body);
  return answer.body as T;
}

/** An error body as the failure that it tells of. */
export function failureOf(body: unknown): ApiFailure {
  const { error } = body as {
    error: { code: string; message: string; details: Record<string, unknown>; trace_id: string };
  };
  return new ApiFailure(error.code, error.message, error.details, error.trace_id);
}

/** A multipart form as the reference's deploy sends it. */
export function deployForm(module: Uint8Array<ArrayBuffer>, config: object | string): FormData {
  const form = new FormData();
  form.append('wasm', new Blob([module]), 'agent.wasm');
  form.append('config', typeof config === 'string' ? config : JSON.stringify(config));
  return form;
}
