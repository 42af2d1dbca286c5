import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from '../faults/load.js';
import { type AuditReport, audit } from './audit.js';
import { ErrorBook } from './error-book.js';
import { FaultLane } from './lanes/fault-lanes.js';
import { GrpcLane } from './lanes/grpc-lane.js';
import { HostileLane } from './lanes/hostile-lane.js';
import { DeploymentLane, LifecycleLane } from './lanes/operator-lanes.js';
import { SubscriberLane, VanishingLane, ViewLane } from './lanes/reader-lanes.js';
import { RestLane } from './lanes/rest-lane.js';
import { BinaryLane, FloodLane, JsonLane } from './lanes/socket-lane.js';
import { ConversationLane, TaskLane } from './lanes/work-lanes.js';
import { type LeakRow, leaks, type RestSample, restSample } from './leaks.js';
import { populate } from './population.js';
import { calm, settle } from './settle.js';
import { type Ending, SoakedServer } from './soaked-server.js';
import { type Lane, tally, type World } from './world.js';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Told what goes on. */
  readonly say: (line: string) => void;
}

export interface SoakReport {
  readonly seconds: number;
  readonly seed: number;
  readonly rounds: number;
  readonly done: Readonly<Record<string, number>>;
  readonly messages: AuditReport;
  readonly processes: Readonly<Record<Ending, number>>;
  readonly explained: Readonly<Record<string, number>>;
  readonly unexplained: readonly string[];
  readonly leaks: readonly LeakRow[];
  readonly rests: readonly RestSample[];
}

/** Makers of everything that goes on at the same time in a round. */
const LANES: ReadonlyArray<new (world: World, dice: Dice) => Lane> = [
  RestLane,
  JsonLane,
  BinaryLane,
  FloodLane,
  GrpcLane,
  TaskLane,
  ConversationLane,
  ViewLane,
  SubscriberLane,
  VanishingLane,
  HostileLane,
  DeploymentLane,
  LifecycleLane,
  FaultLane,
];
const ROUND_LEAST_SECONDS = 5;
const ROUND_MOST_SECONDS = 50;
const ROUNDS = 30;
/** The share of the time in which processes are ended; the last one then lives to the end. */
const RESTARTS_UNTIL = 0.4;

/**
 * Mixed load, deployments and faults at random, in rounds. After each the clients go, the server comes
 * to rest, and their accounts are held against its history.
 */
export class Soak {
  readonly #options: SoakOptions;
  readonly #dice: Dice;
  readonly #server: SoakedServer;
  readonly #book: ErrorBook;
  readonly #done = new Map<string, number>();
  readonly #rests: RestSample[] = [];
  readonly #messages: AuditReport = {
    accepted: 0,
    answered: 0,
    failures: 0,
    persisted: 0,
    forgotten: 0,
  };
  #beganMs = performance.now();
  #rounds = 0;

  private constructor(options: SoakOptions, server: SoakedServer) {
    this.#options = options;
    this.#dice = new Dice(options.seed);
    this.#server = server;
    this.#book = new ErrorBook(server);
  }

  static async run(options: SoakOptions): Promise<SoakReport> {
    const server = await SoakedServer.start();
    const soak = new Soak(options, server);
    try {
      await populate(server.url);
      soak.#beganMs = performance.now();
      await soak.#runRounds();
    } finally {
      await server.close();
    }
    return soak.#report();
  }

  get #seconds(): number {
    return (performance.now() - this.#beganMs) / 1_000;
  }

  async #runRounds(): Promise<void> {
    const total = this.#options.minutes * 60;
    const seconds = Math.min(Math.max(total / ROUNDS, ROUND_LEAST_SECONDS), ROUND_MOST_SECONDS);
    const endings: Ending[] = ['killed', 'stopped'];
    while (this.#seconds < total) {
      const early = this.#seconds < total * RESTARTS_UNTIL;
      // The first two rounds end a process in each way, whatever the dice say.
      const ending = early ? (endings.shift() ?? this.#restartAtRandom()) : undefined;
      await this.#runRound(seconds, ending, !early);
      this.#rounds += 1;
    }
  }

  #restartAtRandom(): Ending | undefined {
    return this.#dice.pick(['killed', 'killed', 'stopped', undefined] as const);
  }

  /** @param last whether the process is the one that lives to the end */
  async #runRound(seconds: number, ending: Ending | undefined, last: boolean): Promise<void> {
    const world: World = {
      server: this.#server,
      book: this.#book,
      round: this.#rounds,
      accounts: [],
      done: this.#done,
    };
    const endMs = performance.now() + seconds * 1_000;
    const lanes = LANES.map((Make) => {
      const dice = new Dice(this.#dice.whole(1, 2 ** 31 - 1));
      return { lane: new Make(world, dice), dice };
    });
    const runs = lanes.map(({ lane, dice }) => this.#runLane(lane, dice, endMs));
    if (ending !== undefined) {
      await sleep(this.#dice.whole(1_000, seconds * 700));
      tally(world, `processes ${ending}`);
      runs.push(this.#server.restart(ending));
    }
    await Promise.all(runs);
    for (const { lane } of lanes) await lane.rest();
    await this.#rest(world, last);
  }

  async #runLane(lane: Lane, dice: Dice, endMs: number): Promise<void> {
    while (performance.now() < endMs) {
      await this.#server.ready();
      await lane.step();
      const pauseMs = Math.min(dice.whole(0, lane.pauseMs), endMs - performance.now());
      await sleep(Math.max(0, pauseMs));
    }
  }

  async #rest(world: World, last: boolean): Promise<void> {
    const vain = await settle(this.#server);
    if (vain !== undefined) this.#book.unexplained.push(`does not come to rest: ${vain}`);
    const found = await audit(world);
    for (const key of Object.keys(found) as Array<keyof AuditReport>) {
      this.#messages[key] += found[key];
    }
    if (last) await calm(this.#server, this.#rests[0]);
    const rest = await restSample(this.#server, Math.round(this.#seconds));
    if (last) this.#rests.push(rest);
    this.#options.say(
      [
        `${rest.atSeconds} s`,
        `round ${world.round}`,
        `process ${this.#server.epoch}`,
        `${found.accepted} messages`,
        `${found.failures} failures`,
        `${(rest.anonymousBytes / 1e6).toFixed(0)} MB`,
        `heap ${(rest.heapBytes / 1e6).toFixed(1)} MB`,
        `${rest.threads} threads`,
        `${rest.descriptors} descriptors`,
        `${this.#book.unexplained.length} unexplained`,
      ].join(', '),
    );
  }

  #report(): SoakReport {
    const { endings, complaints } = this.#server;
    const count = (kind: Ending) => endings.filter((ending) => ending === kind).length;
    const unexplained = [
      ...this.#book.unexplained,
      ...complaints.map((line) => `the server said: ${line}`),
    ];
    return {
      seconds: Math.round(this.#seconds),
      seed: this.#options.seed,
      rounds: this.#rounds,
      done: Object.fromEntries([...this.#done].sort(([a], [b]) => a.localeCompare(b))),
      messages: this.#messages,
      processes: { killed: count('killed'), stopped: count('stopped') },
      explained: Object.fromEntries(this.#book.explained),
      unexplained,
      leaks: leaks(this.#rests),
      rests: this.#rests,
    };
  }
}
