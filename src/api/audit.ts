import { hideTokens } from '../base/hide-tokens.js';
import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import { type Role, roleCovers } from '../base/roles.js';
import { AuditRepeats } from './audit-repeats.js';
import type { Principal } from './operation.js';

/** From this role on an operation administers the server. */
const AUDITED_FROM: Role = 'operator';

/** Refusals that one caller can have as fast as it can ask. */
const REPEATABLE: ReadonlySet<string> = new Set(['UNAUTHORIZED', 'RATE_LIMITED']);

export interface AuditLine {
  /** The token's name; null when the caller is not known. */
  readonly who: string | null;
  readonly role: Role | null;
  readonly operation: string;
  /** `OK`, or the code of the error. */
  readonly outcome: string;
  /** Address of the client. */
  readonly client: string;
  readonly trace_id: string;
  /** Of an agent that the call makes. */
  readonly agent_name?: string;
  /** `agent_id` and other ids, as the call gave them. */
  readonly [id: `${string}_id`]: string;
}

/** Who administered what, and with what outcome. Never tokens, never contents of messages. */
export class Audit {
  readonly #logger: Logger | undefined;
  readonly #repeats: AuditRepeats<AuditLine>;

  /** @param logger where the lines go; undefined = nowhere */
  constructor(logger: Logger | undefined) {
    this.#logger = logger;
    this.#repeats = new AuditRepeats((line, count) => this.#write({ ...line, count }));
  }

  covers(operation: { readonly role: Role }): boolean {
    return this.#logger !== undefined && roleCovers(operation.role, AUDITED_FROM);
  }

  record(line: AuditLine): void {
    const { who, client, operation, outcome } = line;
    const repeated =
      REPEATABLE.has(outcome) &&
      this.#repeats.holds(`${operation}\n${outcome}\n${who ?? ''}\n${client}`, line);
    if (!repeated) this.#write(line);
  }

  /** Writes what was counted and not told yet. */
  close(): void {
    this.#repeats.close();
  }

  #write(line: AuditLine & { readonly count?: number }): void {
    this.#logger?.info(line, 'audit');
  }
}

/** One call of an audited operation, from when it came to its outcome. */
export class AuditedCall {
  readonly #audit: Audit;
  readonly #operation: string;
  readonly #client: string;
  #ended = false;
  /** Set when the caller is known. */
  principal: Principal | undefined;
  /** What is known of the input so far. */
  input: unknown;

  constructor(audit: Audit, operation: { readonly name: string }, client: string) {
    this.#audit = audit;
    this.#operation = operation.name;
    this.#client = client;
  }

  /** Only the first outcome counts: a later one is about an answer that could not be given. */
  ended(outcome: string, traceId: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#audit.record({
      ...targetsOf(this.input),
      who: this.principal?.name ?? null,
      role: this.principal?.role ?? null,
      operation: this.#operation,
      outcome,
      client: this.#client,
      trace_id: traceId,
    });
  }
}

type Targets = Pick<AuditLine, 'agent_name' | `${string}_id`>;

/** The ids that an input names, and the name of an agent that it makes: nothing else of it. */
function targetsOf(input: unknown): Targets {
  if (!isObject(input)) return {};
  const ids = Object.entries(input).filter(
    ([name, value]) => name.endsWith('_id') && typeof value === 'string',
  );
  const targets: Targets = Object.fromEntries(
    ids.map(([name, value]) => [name, bounded(value as string)]),
  );
  const { config } = input;
  const named = isObject(config) && typeof config.name === 'string';
  return named ? { ...targets, agent_name: bounded(config.name as string) } : targets;
}

function bounded(text: string): string {
  return hideTokens(text.slice(0, LIMITS.field_bytes));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
