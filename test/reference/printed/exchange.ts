import type { RestBinding } from '../../../src/api/operation.js';

/**
 * A request and its answer as the API reference prints them. The reference's sample values stand in
 * them; a walk puts real ones in the place of those that name something.
 */
export interface PrintedExchange {
  /** Heading in the reference. */
  readonly section: string;
  readonly method: RestBinding['method'];
  /** With `{name}` where the reference has it. */
  readonly path: string;
  /** What stands for the names of the path. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Parts of a multipart form, as they follow -F of curl. */
  readonly form?: { readonly wasm: string; readonly config: string };
  readonly request?: object;
  readonly response: object;
  /** Words that may stand for a printed one, by the path of its field. */
  readonly documented?: Readonly<Record<string, readonly string[]>>;
}

/** What stands for sample values: `agent_123` for a real id, `@agent.wasm` for a module. */
export type RealValues = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;
