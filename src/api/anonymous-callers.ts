import { wallMs } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import type { Principal } from './operation.js';
import { type CountRefused, RateAccount, type RatePolicies } from './rate-account.js';

const NAME = 'anonymous';

/**
 * Callers of a server without tokens, which listens on loopback only and trusts them. They differ
 * in nothing but their address, by which their rates are counted.
 */
export class AnonymousCallers {
  readonly #policies: RatePolicies | undefined;
  readonly #refused: CountRefused | undefined;
  readonly #everyone: Principal = anonymous(undefined);
  /** From the longest idle to the last seen. */
  readonly #byAddress = new Map<string, Principal>();
  #lastAddress = '';

  constructor(policies: RatePolicies | undefined, refused?: CountRefused) {
    this.#policies = policies;
    this.#refused = refused;
  }

  /** Whether the address matters: where rates are not limited, nobody needs to find it out. */
  get differ(): boolean {
    return this.#policies !== undefined;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  of(address: string): Principal {
    if (this.#policies === undefined) return this.#everyone;
    const known = this.#byAddress.get(address);
    if (known !== undefined && address === this.#lastAddress) return known;
    const principal = known ?? anonymous(new RateAccount(this.#policies, wallMs, this.#refused));
    this.#byAddress.delete(address);
    this.#byAddress.set(address, principal);
    this.#lastAddress = address;
    if (this.#byAddress.size > LIMITS.rate_limited_addresses) this.#forgetOldest();
    return principal;
  }

  #forgetOldest(): void {
    for (const address of this.#byAddress.keys()) {
      this.#byAddress.delete(address);
      return;
    }
  }
}

function anonymous(rates: RateAccount | undefined): Principal {
  return Object.freeze({ name: NAME, role: 'admin', agents: undefined, rates });
}
