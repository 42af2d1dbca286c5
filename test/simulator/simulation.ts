import { isUnavailable } from '../../src/base/errors.js';
import type { Config } from '../../src/config/schema.js';
import { Faults } from './faults.js';
import { Ledger, Violation } from './ledger.js';
import { STORE_PATH } from './observed-store.js';
import { observe } from './observer.js';
import { Probes } from './probes.js';
import { SimulatedServer } from './simulated-server.js';
import { forgetDisk } from './substitutes/lmdb.js';
import { US_PER_MS } from './units.js';
import { readHistory, Verdict } from './verdict.js';
import { WorkerThread } from './worker-thread.js';
import { Workload } from './workload.js';
import { enterWorld, World } from './world.js';

export interface SimulationParts {
  readonly config: Config;
  readonly module: Uint8Array;
  /** Whether errors tell where they come from, which takes time. */
  readonly traces?: boolean;
}

export interface ScheduleResult {
  readonly schedule: number;
  readonly steps: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly failure: Error | undefined;
  readonly trace: readonly string[];
  /** To how many acts of clients it was shortened. */
  readonly acts?: number;
}

/** Between the beginnings of two worlds, more than a schedule lasts: whole minutes, exact as a double. */
const WORLD_MS = 32 * 60_000;
const SETTLE_STEPS = 60_000;
const SETTLE_MS = 400_000;
let lastWorld = 0;

/** Runs one schedule from its beginning to its end, in this very call. */
export function runSchedule(
  parts: SimulationParts,
  seed: number,
  schedule: number,
  actsMax = Number.POSITIVE_INFINITY,
): ScheduleResult {
  lastWorld = Math.max(schedule + 1, lastWorld + 1);
  const world = new World({ seed, schedule }, lastWorld * WORLD_MS * US_PER_MS);
  const before = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  let rejection: Error | undefined;
  const rejected = (error: Error): void => {
    rejection ??= error;
  };
  process.on('unhandledRejection', rejected);
  let failure: Error | undefined;
  // Errors are part of the product's daily life; where they come from is told when all is repeated.
  const { stackTraceLimit } = Error;
  if (!parts.traces) Error.stackTraceLimit = 0;
  enterWorld(world);
  try {
    new Simulation(world, parts, actsMax, () => {
      if (rejection !== undefined) throw rejection;
    }).run();
  } catch (error) {
    failure = error as Error;
  } finally {
    enterWorld(undefined);
    Error.stackTraceLimit = stackTraceLimit;
    observe(undefined);
    forgetDisk(STORE_PATH);
    process.off('unhandledRejection', rejected);
    for (const listener of before) process.on('unhandledRejection', listener);
  }
  return { schedule, steps: world.steps, counts: world.counts, failure, trace: world.trace };
}

class Simulation {
  readonly #world: World;
  readonly #config: Config;
  readonly #ledger = new Ledger();
  readonly #probes: Probes;
  readonly #workload: Workload;
  readonly #verdict: Verdict;
  readonly #faults: Faults;
  readonly #acts: number;
  readonly #lookForRejection: () => void;
  #server!: SimulatedServer;

  constructor(world: World, parts: SimulationParts, actsMax: number, look: () => void) {
    this.#world = world;
    const { random } = world;
    const { config } = parts;
    const tries = random.between(1, 3);
    this.#config = {
      ...config,
      workers: random.between(1, 3),
      supervision: { delivery_tries: tries },
      limits: {
        ...config.limits,
        ring_bytes: random.pick([8, 16, 64]) * 1024,
        mailbox_bytes: random.pick([8, 64, 1024]) * 1024,
      },
    };
    this.#probes = new Probes(world, this.#ledger);
    observe(this.#ledger);
    this.#workload = new Workload(world, this.#ledger, parts.module);
    this.#verdict = new Verdict(this.#ledger, this.#workload, tries);
    this.#faults = new Faults(world);
    this.#acts = Math.min(
      random.chance(0.8) ? random.between(2, 8) : random.between(8, 24),
      actsMax,
    );
    this.#lookForRejection = look;
    world.afterStep = () => this.#afterStep();
  }

  #afterStep(): void {
    this.#lookForRejection();
    // Nobody gets a turn while this looks at the rings.
    enterWorld(undefined);
    this.#probes.checkBounds();
    if (!this.#world.mainOnStack && this.#world.steps % 8 === 0) this.#probes.checkBooks();
    enterWorld(this.#world);
    this.#checkSleepers();
  }

  // The main thread wakes workers at the end of its turn; where the history is behind, a millisecond
  // later.
  #checkSleepers(): void {
    const { loop, mainOnStack, nowUs, threads } = this.#world;
    if (mainOnStack || loop.hasImmediates || loop.nextUs < nowUs + 2 * US_PER_MS) return;
    for (const thread of threads) {
      if (!(thread instanceof WorkerThread) || !thread.sleepsOnFrames) continue;
      throw new Violation(`${thread.name} sleeps though there are frames, and nobody wakes it`);
    }
  }

  run(): void {
    this.#begin();
    this.#world.asMain(() => this.#workload.deployAll());
    this.#turn(this.#world.random.between(5, 100));
    this.#world.unsettle();
    for (let act = 0; act < this.#acts; act++) {
      this.#world.asMain(() => this.#workload.act());
      this.#turn(this.#world.random.between(0, 12));
      this.#faults.pass();
      if (this.#world.random.chance(0.2) && this.#faults.strike(this.#server)) this.#crash();
    }
    const stops = this.#world.random.chance(0.15);
    // Calls of operators end before the server stops, which takes a disk that can be written.
    if (stops) {
      this.#faults.heal();
      this.#until('operators are done', () => this.#workload.operationsUnderWay === 0);
      this.#stop();
    }
    this.#settle();
    this.#verdict.check();
  }

  #begin(): void {
    const world = this.#world;
    world.asMain(() => {
      this.#server = new SimulatedServer(world, this.#ledger, this.#config);
    });
    this.#workload.server = this.#server;
    this.#until('the server is ready', () => this.#server.ready);
  }

  /** So many turns of whoever is ready; the clock goes on when nobody is. */
  #turn(turns: number): void {
    for (let i = 0; i < turns; i++) if (!this.#world.runOne()) this.#world.advance();
  }

  #until(what: string, condition: () => boolean): void {
    const world = this.#world;
    const endUs = world.nowUs + SETTLE_MS * US_PER_MS;
    const end = world.steps + SETTLE_STEPS;
    while (!condition()) {
      if (this.#server.failure !== undefined) throw this.#server.failure;
      if (world.steps > end || world.nowUs > endUs) {
        throw new Violation(`it did not come about that ${what}: ${this.#state()}`);
      }
      this.#turn(1);
    }
  }

  #state(): string {
    const agents = [...this.#probes.instances].map(
      ({ agent, mailbox, ready, channel, pause }) =>
        `${agent.name} ${agent.state} ready=${ready} inRing=${mailbox.inRing} waiting=${mailbox.waiting} worker=${channel?.index} paused=${pause !== undefined}`,
    );
    const threads = this.#world.threads.map(({ name, onStack }) => `${name}${onStack ? '!' : ''}`);
    const open = this.#workload.waits.filter((wait) => !this.#isOver(wait));
    return `${agents.join('; ')}; threads ${threads}; operations ${this.#workload.operationsUnderWay}; waits ${open.map(({ what }) => what)}`;
  }

  #isOver({ life, ends }: { life: number; ends: number }): boolean {
    return life !== this.#ledger.life || ends > 0;
  }

  /** The process ends at once; another begins over what is on disk. */
  #crash(): void {
    const world = this.#world;
    world.count('crashes');
    world.note('the process crashes');
    this.#goOnFromDisk();
  }

  #goOnFromDisk(): void {
    const world = this.#world;
    this.#ledger.crashed();
    const before = this.#ledger.order.length;
    this.#beginAnew();
    let stored: Awaited<ReturnType<typeof readHistory>> | undefined;
    world.asMain(() => {
      void readHistory(this.#server).then((messages) => {
        stored = messages;
      });
    });
    this.#until('the history is read', () => stored !== undefined);
    if (stored !== undefined) this.#verdict.checkHistory(stored, before);
  }

  /** Nothing breaks any more; all that is under way comes to its end. */
  #settle(): void {
    const world = this.#world;
    world.note('nothing breaks any more');
    world.settle();
    this.#faults.heal();
    for (const thread of world.threads) {
      if (thread instanceof WorkerThread) thread.hangMs = 0;
    }
    this.#until('all is done', () => this.#isQuiet());
  }

  #isQuiet(): boolean {
    if (this.#workload.operationsUnderWay > 0) return false;
    if (!this.#workload.waits.every((wait) => this.#isOver(wait))) return false;
    for (const { agent, mailbox } of this.#probes.instances) {
      if (mailbox.size > 0 || agent.state === 'draining') return false;
    }
    return this.#world.threads.every((thread) => !thread.onStack);
  }

  /** The server stops while it has work; another one goes on with what that leaves. */
  #stop(): void {
    this.#world.count('stops');
    this.#world.note('the server stops');
    this.#faults.heal();
    let stopped = false;
    let lost = false;
    const { runtime, store } = this.#server;
    const close = (): Promise<void> =>
      store.close().catch((error) => {
        // Its writer died, or its disk was full, and the server says so.
        if (!isUnavailable(error)) throw error;
        lost = true;
      });
    this.#world.asMain(() => {
      void runtime
        .stop()
        .then(close)
        .then(() => {
          stopped = true;
        });
    });
    this.#until('the server has stopped', () => stopped);
    this.#verdict.checkWaits();
    if (lost) {
      this.#world.count('stops with losses');
      this.#goOnFromDisk();
      return;
    }
    this.#ledger.stopped();
    this.#beginAnew();
  }

  #beginAnew(): void {
    this.#world.endThreads();
    this.#probes.forget();
    this.#workload.endedWithProcess();
    this.#faults.heal();
    this.#begin();
  }
}
