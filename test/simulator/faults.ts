import { STORE_PATH } from './observed-store.js';
import type { SimulatedServer } from './simulated-server.js';
import { type Disk, diskOf } from './substitutes/lmdb.js';
import { PHASES, WorkerThread } from './worker-thread.js';
import type { World } from './world.js';

const BALLAST_BYTES = 200 * 1024;
const BALLAST = Buffer.alloc(BALLAST_BYTES);

/** Which kinds of faults a schedule has at all. */
interface Kinds {
  readonly doom: boolean;
  readonly hang: boolean;
  readonly disk: boolean;
  readonly ballast: boolean;
  readonly crash: boolean;
}

/** Breaks things, as the seed has it. */
export class Faults {
  readonly #world: World;
  readonly #kinds: Kinds;
  #heals = 0;

  constructor(world: World) {
    const { random } = world;
    this.#world = world;
    this.#kinds = {
      doom: random.chance(0.5),
      hang: random.chance(0.25),
      disk: random.chance(0.3),
      ballast: random.chance(0.15),
      crash: random.chance(0.35),
    };
  }

  /** @returns whether the process is to crash now */
  strike(server: SimulatedServer): boolean {
    const { random } = this.#world;
    const kinds = this.#kinds;
    const dice = random.next();
    if (dice < 0.5 && kinds.doom) this.#doom();
    else if (dice < 0.65 && kinds.hang) this.#hang();
    else if (dice < 0.8 && kinds.disk) this.#fillDisk();
    else if (dice < 0.9 && kinds.ballast) this.#ballast(server);
    return dice >= 0.9 && kinds.crash;
  }

  #worker(): WorkerThread | undefined {
    const workers = this.#world.threads.filter((thread) => thread instanceof WorkerThread);
    return workers.length === 0 ? undefined : this.#world.random.pick(workers);
  }

  #doom(): void {
    const { random } = this.#world;
    const worker = this.#worker();
    if (worker === undefined) return;
    worker.doomed = random.pick(PHASES);
    worker.throwsAtDeath = random.chance(0.3);
  }

  #hang(): void {
    const { random } = this.#world;
    const worker = this.#worker();
    if (worker === undefined) return;
    worker.hangMs = random.pick([50, 500, 3_000]);
    worker.isDeaf = random.chance(0.4);
  }

  #fillDisk(): void {
    this.#disk.isFull = true;
    this.#world.count('disk full');
    this.#world.note('the disk is full');
    this.#heals = this.#world.steps + this.#world.random.between(20, 200);
  }

  /** Records so large that the history falls behind. */
  #ballast(server: SimulatedServer): void {
    this.#world.count('store behind');
    this.#world.note('the store falls behind');
    const key = Buffer.from('ballast');
    this.#world.asMain(() => {
      while (server.store.keepsUp(BALLAST_BYTES)) {
        server.store.putAgentData('agent_BALLAST', key, BALLAST);
      }
    });
  }

  get #disk(): Disk {
    return diskOf(STORE_PATH);
  }

  /** Called at each step: what was broken for a time comes back. */
  pass(): void {
    if (this.#disk.isFull && this.#world.steps >= this.#heals) this.heal();
  }

  heal(): void {
    if (this.#disk.isFull) this.#world.note('the disk takes writes again');
    this.#disk.isFull = false;
    for (const thread of this.#world.threads) {
      if (thread instanceof WorkerThread) thread.doomed = undefined;
    }
  }
}
