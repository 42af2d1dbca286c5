import { createHash, timingSafeEqual } from 'node:crypto';
import { wallMs } from '../base/clock.js';
import { CaxtonError } from '../base/errors.js';
import { type Role, roleCovers } from '../base/roles.js';
import type { Config } from '../config/schema.js';
import type { AgentSnapshot } from '../runtime/types.js';
import { AnonymousCallers } from './anonymous-callers.js';
import type { Principal } from './operation.js';
import { type CountRefused, RateAccount, ratePolicies } from './rate-account.js';

interface KnownToken {
  readonly hash: Buffer;
  readonly principal: Principal;
}

/** Tells who a token belongs to. */
export class Authenticator {
  readonly #tokens: readonly KnownToken[];
  readonly #anonymous: AnonymousCallers;
  // Tokens that were already found valid: hashing each request's token would cost the message path.
  readonly #accepted = new Map<string, Principal>();

  /** @param refused told of calls over their caller's rate */
  constructor(
    { tokens, rate_limits: limits }: Pick<Config, 'tokens' | 'rate_limits'>,
    refused?: CountRefused,
  ) {
    this.#anonymous = new AnonymousCallers(ratePolicies(limits), refused);
    const tokenNames = new Set(tokens.map((token) => token.name));
    this.#tokens = tokens.map((token) => {
      const policies = ratePolicies(limits, token.rate_limits);
      return {
        hash: Buffer.from(token.sha256, 'hex'),
        principal: Object.freeze({
          name: token.name,
          role: token.role,
          agents: token.agents && new Set(token.agents),
          tokenNames,
          rates: policies && new RateAccount(policies, wallMs, refused),
        }),
      };
    });
  }

  /** Whether callers are told apart by their address. */
  get needsAddress(): boolean {
    return this.#tokens.length === 0 && this.#anonymous.differ;
  }

  /**
   * @param token the text of X-Caxton-Token, or of `Bearer …` without the word; '' when absent
   * @param address of the client, where `needsAddress`
   * @throws CaxtonError UNAUTHORIZED
   */
  authenticate(token: string, address: string): Principal {
    if (this.#tokens.length === 0) return this.#anonymous.of(address);
    const accepted = this.#accepted.get(token);
    if (accepted !== undefined) return accepted;
    const principal = token === '' ? undefined : this.#find(token);
    if (principal === undefined) {
      throw new CaxtonError(
        'UNAUTHORIZED',
        token === ''
          ? 'A token is needed: send it as X-Caxton-Token, or as "authorization: Bearer …".'
          : 'The token is not known.',
        {},
      );
    }
    this.#accepted.set(token, principal);
    return principal;
  }

  // Every hash is compared, each in constant time, so that the time taken tells nothing.
  #find(token: string): Principal | undefined {
    const hash = createHash('sha256').update(token).digest();
    let found: Principal | undefined;
    for (const known of this.#tokens) {
      if (timingSafeEqual(known.hash, hash)) found = known.principal;
    }
    return found;
  }
}

/** The token of an Authorization header's value; '' when there is none. */
export function bearerToken(authorization: string): string {
  return /^bearer\s+/i.test(authorization) ? authorization.replace(/^bearer\s+/i, '').trim() : '';
}

/** @throws CaxtonError FORBIDDEN when the role is too small */
export function checkRole(principal: Principal, needed: Role, operation: string): void {
  if (roleCovers(principal.role, needed)) return;
  throw new CaxtonError(
    'FORBIDDEN',
    `${operation} needs the role ${needed}; the token ${principal.name} has the role ${principal.role}.`,
    { operation, needed_role: needed, role: principal.role },
  );
}

/**
 * A token's name is its own: nobody else speaks, or takes part in a task, in its name.
 * @throws CaxtonError FORBIDDEN
 */
export function checkSenderAllowed({ name, tokenNames }: Principal, sender: string): void {
  if (sender === name || tokenNames?.has(sender) !== true) return;
  throw new CaxtonError(
    'FORBIDDEN',
    `sender '${sender}' is the name of another token than ${name}. Leave sender out, or use a name that is no token's.`,
    { field: 'sender' },
  );
}

/**
 * A token may be restricted to some agents.
 * @param asked what the caller asked for, where that isn't the agent: it is not told whose it is
 * @throws CaxtonError FORBIDDEN
 */
export function checkAgentAllowed(
  principal: Principal,
  agent: string,
  snapshot?: Pick<AgentSnapshot, 'agentId' | 'config'>,
  asked: Readonly<Record<string, string>> = { agent_id: agent },
): void {
  const allowed = principal.agents;
  if (allowed === undefined || allowed.has(agent)) return;
  if (snapshot && (allowed.has(snapshot.agentId) || allowed.has(snapshot.config.name))) return;
  const [name] = Object.values(asked);
  throw new CaxtonError(
    'FORBIDDEN',
    `The token ${principal.name} is restricted to other agents than ${'agent_id' in asked ? '' : 'that of '}'${name}'.`,
    asked,
  );
}
