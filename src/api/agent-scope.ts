import { CaxtonError } from '../base/errors.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Principal } from './operation.js';

/** The ends of a message, as ids of agents or names of clients. */
interface Ends {
  readonly sender: string;
  readonly receiver: string;
}

/** The agents that a restricted token may read about, by what they are called now. */
export class AgentScope {
  readonly #tokenName: string;
  readonly #agents: ReadonlySet<string>;
  readonly #runtime: Runtime;

  constructor(tokenName: string, agents: ReadonlySet<string>, runtime: Runtime) {
    this.#tokenName = tokenName;
    this.#agents = agents;
    this.#runtime = runtime;
  }

  /** @returns undefined when the token may read everything */
  static of(principal: Principal, runtime: Runtime): AgentScope | undefined {
    return principal.agents && new AgentScope(principal.name, principal.agents, runtime);
  }

  /** @param name id or name of an agent, or a client's name */
  allows(name: string): boolean {
    if (this.#agents.has(name)) return true;
    const agent = this.#runtime.agents.identify(name);
    return agent !== undefined && (this.#agents.has(agent.id) || this.#agents.has(agent.name));
  }

  /** A message may be read when one of its ends may. */
  allowsMessage({ sender, receiver }: Ends): boolean {
    return this.allows(sender) || this.allows(receiver);
  }

  /** @throws CaxtonError FORBIDDEN */
  check(name: string): void {
    if (!this.allows(name)) throw this.#forbidden(`not to '${name}'`, { agent_id: name });
  }

  /** @throws CaxtonError FORBIDDEN */
  checkMessage(message: Ends & { readonly messageId: string }): void {
    if (this.allowsMessage(message)) return;
    throw this.#forbidden(`and none of them is at an end of '${message.messageId}'`, {
      message_id: message.messageId,
    });
  }

  /**
   * A query that could show anything has to name an agent of the token.
   * @param named what the query's fields say, by field
   * @throws CaxtonError FORBIDDEN
   */
  checkQuery(named: Readonly<Record<string, string | undefined>>): void {
    for (const name of Object.values(named)) {
      if (name !== undefined && this.allows(name)) return;
    }
    const fields = Object.keys(named);
    throw this.#forbidden(`name one of them as ${fields.join(', ')}`, { field: fields[0] });
  }

  #forbidden(rest: string, details: object): CaxtonError {
    const allowed = [...this.#agents];
    return new CaxtonError(
      'FORBIDDEN',
      `The token ${this.#tokenName} is restricted to ${allowed.join(', ')}: ${rest}.`,
      { ...details, allowed },
    );
  }
}
