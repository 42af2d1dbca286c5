import { HOST_CALL_BYTES_PER_FUEL } from '../wire/host-calls.js';
import { accessFuel, type FuelAccess } from './fuel-access.js';
import { HostTrap } from './host-trap.js';

/** An instance that was called so often is worth a kilobyte and a half for quicker access. */
const CALLS_BEFORE_ACCESS = 1_000;

/** The fuel of one instance: the global that metered code counts down. Below 0 = exhausted. */
export class FuelMeter {
  readonly #global: WebAssembly.Global<'i64'>;
  #access: FuelAccess | undefined;
  #calls = 0;
  #budget = 0;
  /** The same, kept because it is the same for most calls. */
  #units = 0n;

  constructor(global: WebAssembly.Global<'i64'>) {
    this.#global = global;
  }

  /** Begins a call's budget, in units of fuel. */
  start(units: number): void {
    if (this.#access !== undefined) {
      this.#budget = units;
      this.#access.start(units);
      return;
    }
    if (units !== this.#budget) this.#units = BigInt(units);
    this.#budget = units;
    this.#global.value = this.#units;
    if (++this.#calls === CALLS_BEFORE_ACCESS) this.#access = accessFuel(this.#global);
  }

  get budget(): number {
    return this.#budget;
  }

  get exhausted(): boolean {
    return this.#left() < 0;
  }

  /** Units left; 0 when exhausted. */
  get remaining(): number {
    return Math.max(0, this.#left());
  }

  /** Units used since start(). */
  get used(): number {
    return this.#budget - this.remaining;
  }

  /**
   * Takes a host call's price before it acts.
   * @param units the call's own price
   * @param bytes what it copies, unsigned
   * @throws HostTrap when that is more than is left
   */
  charge(units: number, bytes = 0): void {
    const price = units + Math.floor(bytes / HOST_CALL_BYTES_PER_FUEL);
    if (this.#access === undefined) this.#chargeGlobal(price);
    else if (this.#access.charge(price) === 0) throw new HostTrap('out of fuel');
  }

  #chargeGlobal(price: number): void {
    const left = Number(this.#global.value) - price;
    if (left < 0) {
      this.#global.value = -1n;
      throw new HostTrap('out of fuel');
    }
    this.#global.value = BigInt(left);
  }

  #left(): number {
    return this.#access === undefined ? Number(this.#global.value) : this.#access.left();
  }
}
