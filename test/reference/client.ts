import type { ErrorBody } from '../../src/base/errors.js';
import type { PrintedExchange, RealValues } from './printed/exchange.js';

/** How a printed request was refused. */
export interface Refusal {
  /** Of HTTP or of gRPC. */
  readonly status: number;
  readonly error: ErrorBody['error'];
}

/** Somebody who follows the reference over one transport. */
export interface ReferenceClient {
  /** Sends a request as printed. @returns the answer in the shape of the API's JSON */
  ask(exchange: PrintedExchange, real?: RealValues): Promise<unknown>;
  refusal(exchange: PrintedExchange, real?: RealValues): Promise<Refusal>;
  close(): void;
}

/** The same with each sample value replaced that has a real one. */
export function withReal<T>(printed: T, real: RealValues): T {
  if (typeof printed === 'string') return (real[printed] ?? printed) as T;
  if (Array.isArray(printed)) return printed.map((item) => withReal(item, real)) as T;
  if (typeof printed !== 'object' || printed === null) return printed;
  return Object.fromEntries(
    Object.entries(printed).map(([name, value]) => [name, withReal(value, real)]),
  ) as T;
}

/** The query's fields as texts. */
export function queryFields(exchange: PrintedExchange, real: RealValues): Record<string, string> {
  return withReal(Object.fromEntries(new URLSearchParams(exchange.query)), real);
}

/** The exchange with other fields in the body of its request. */
export function withRequest(exchange: PrintedExchange, request: object): PrintedExchange {
  return { ...exchange, request: { ...exchange.request, ...request } };
}

/** The exchange with other fields in the config of its form. */
export function withConfig(exchange: PrintedExchange, fields: object): PrintedExchange {
  const { wasm, config } = exchange.form as NonNullable<PrintedExchange['form']>;
  const changed = { ...(JSON.parse(config) as object), ...fields };
  return { ...exchange, form: { wasm, config: JSON.stringify(changed) } };
}
