import { monotonicMs } from '../../base/clock.js';
import { type Failure, type Lane, LOCAL_CODES, type Sending } from './connection-lane.js';
import { countedFrom, type Schedule, TIMER_SLACK_MS } from './schedule.js';
import { Tally } from './tally.js';

export interface LoadOptions {
  readonly lanes: readonly Lane[];
  readonly inFlight: number;
  readonly receivers: number;
  /** undefined = as soon as one is answered the next is sent. */
  readonly schedule: Schedule | undefined;
  readonly begin_ms: number;
  /** What is sent before, or was due before by the schedule, is not counted. */
  readonly measure_ms: number;
  readonly end_ms: number;
  readonly count: number | undefined;
  /** After so long a message that is not answered has failed. */
  readonly giveUp_ms: number;
}

/** After a lost connection, before its place is used again. */
const RECONNECT_MS = 100;
const SWEEP_MS = 100;

/** One message under way. */
class Flight implements Sending {
  readonly lane: number;
  readonly sent_ms: number;
  /** From when its latency counts. */
  readonly from_ms: number;
  /** Whether it is one of those that are measured. */
  readonly counts: boolean;
  readonly #ended: (flight: Flight, failure?: Failure, replyAct?: string) => void;

  constructor(
    lane: number,
    { sent_ms, from_ms, counts }: Pick<Flight, 'sent_ms' | 'from_ms' | 'counts'>,
    ended: Load['ended'],
  ) {
    this.lane = lane;
    this.sent_ms = sent_ms;
    this.from_ms = from_ms;
    this.counts = counts;
    this.#ended = ended;
  }

  succeeded(replyAct?: string): void {
    this.#ended(this, undefined, replyAct);
  }

  failed(failure: Failure): void {
    this.#ended(this, failure);
  }
}

/** Keeps messages under way on some connections, or sends them by a schedule, for a time. */
export class Load {
  /** Of those that count, since it was reset. */
  readonly tally = new Tally();
  /** Messages sent that count. */
  sent = 0;
  /** Messages sent before, which don't. */
  warmed = 0;
  /** Messages that the schedule would have sent, had there been a free place. */
  unsent = 0;
  /** Messages that the generator sent late although there was a free place. */
  late = 0;
  readonly #options: LoadOptions;
  readonly #under = new Set<Flight>();
  /** Free places on connections, the one that is free for longest first; a ring. */
  readonly #places: Int32Array;
  #firstPlace = 0;
  #freePlaces: number;
  /** When the last time without a free place ended. */
  #blockedUntil_ms = 0;
  #receiver: number;
  #end_ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #sweep: ReturnType<typeof setInterval>;
  #drained: (() => void) | undefined;
  readonly #done: Promise<void>;
  /** Whether nothing more is sent. */
  #isClosed = false;

  /** @param receiver who gets the first message */
  constructor(options: LoadOptions, receiver = 0) {
    this.#options = options;
    this.#receiver = receiver % options.receivers;
    this.#end_ms = options.end_ms;
    const { lanes, inFlight } = options;
    // Each connection gets a message before any gets a second one.
    this.#places = Int32Array.from(
      { length: lanes.length * inFlight },
      (_, place) => place % lanes.length,
    );
    this.#freePlaces = this.#places.length;
    this.#done = new Promise((resolve) => {
      this.#drained = resolve;
    });
    this.#sweep = setInterval(() => this.#giveUp(options.giveUp_ms), SWEEP_MS);
  }

  get inFlight(): number {
    return this.#under.size;
  }

  /** Resolves when nothing more is sent and nothing is under way. */
  run(): Promise<void> {
    this.#wait(this.#options.begin_ms - monotonicMs());
    return this.#done;
  }

  /** Ends it before its time; what isn't answered within `patience_ms` is given up. */
  stop(patience_ms: number): void {
    this.#end_ms = Math.min(this.#end_ms, monotonicMs());
    this.#finish();
    setTimeout(() => this.#giveUp(0), patience_ms);
  }

  #wait(delay_ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#advance(), Math.max(0, delay_ms));
  }

  /** Sends whatever may be sent now. */
  #advance(): void {
    const now = monotonicMs();
    const { begin_ms, schedule } = this.#options;
    if (now < begin_ms) {
      this.#wait(begin_ms - now);
      return;
    }
    const isOver = now >= this.#end_ms;
    if (!this.#isClosed && schedule !== undefined) this.#sendDue(schedule, now);
    else if (!this.#isClosed && !isOver) this.#fillPlaces(now);
    if (isOver || this.#isEnough) this.#finish();
  }

  #fillPlaces(now_ms: number): void {
    const counts = now_ms >= this.#options.measure_ms;
    while (this.#freePlaces > 0 && !this.#isEnough) this.#send(now_ms, now_ms, counts);
    // Nothing may be under way that would look at the clock.
    this.#wait(Math.min(this.#end_ms - now_ms, SWEEP_MS));
  }

  #sendDue(schedule: Schedule, now_ms: number): void {
    const { measure_ms } = this.#options;
    const wasBlocked = this.#blockedUntil_ms > schedule.due_ms;
    // What the warm-up left unsent would take the time of what counts.
    if (wasBlocked && now_ms >= measure_ms) schedule.dropBefore(measure_ms);
    while (this.#freePlaces > 0 && !this.#isEnough) {
      const { due_ms } = schedule;
      if (due_ms > now_ms || !schedule.isBefore(this.#end_ms)) break;
      const counts = !schedule.isBefore(measure_ms);
      schedule.advance();
      const wasFree = this.#blockedUntil_ms <= due_ms;
      if (counts && wasFree && now_ms - due_ms > TIMER_SLACK_MS) this.late += 1;
      this.#send(now_ms, countedFrom(due_ms, now_ms, this.#blockedUntil_ms), counts);
    }
    const next_ms = this.#freePlaces > 0 ? schedule.due_ms : this.#end_ms;
    this.#wait(Math.min(next_ms, this.#end_ms) - now_ms);
  }

  get #isEnough(): boolean {
    return this.#options.count !== undefined && this.sent >= this.#options.count;
  }

  #send(sent_ms: number, from_ms: number, counts: boolean): void {
    const place = this.#places[this.#firstPlace] as number;
    this.#firstPlace = (this.#firstPlace + 1) % this.#places.length;
    this.#freePlaces -= 1;
    const receiver = this.#receiver;
    this.#receiver = receiver + 1 === this.#options.receivers ? 0 : receiver + 1;
    const flight = new Flight(place, { sent_ms, from_ms, counts }, this.ended);
    this.#under.add(flight);
    if (counts) this.sent += 1;
    else this.warmed += 1;
    (this.#options.lanes[place] as Lane).send(receiver, flight);
  }

  readonly ended = (flight: Flight, failure?: Failure, replyAct?: string): void => {
    if (this.#under.delete(flight)) this.#conclude(flight, failure, replyAct);
  };

  #conclude(flight: Flight, failure?: Failure, replyAct?: string): void {
    const now = monotonicMs();
    if (flight.counts) {
      if (failure === undefined) this.tally.success((now - flight.from_ms) * 1_000, replyAct);
      else this.tally.failure(failure);
    }
    if (failure?.code !== LOCAL_CODES.unreachable || now >= this.#end_ms) this.#free(flight.lane);
    else setTimeout(() => this.#free(flight.lane), RECONNECT_MS);
  }

  #free(lane: number): void {
    const last = (this.#firstPlace + this.#freePlaces) % this.#places.length;
    this.#places[last] = lane;
    if (this.#freePlaces === 0) this.#blockedUntil_ms = monotonicMs();
    this.#freePlaces += 1;
    if (this.#isClosed) this.#finish();
    else this.#advance();
  }

  #giveUp(after_ms: number): void {
    const before = monotonicMs() - after_ms;
    // In the order of sending, so that those that follow are younger.
    for (const flight of this.#under) {
      if (flight.sent_ms > before) return;
      this.#under.delete(flight);
      (this.#options.lanes[flight.lane] as Lane).abandon(flight);
      const waited_s = Math.round(monotonicMs() - flight.sent_ms) / 1_000;
      this.#conclude(flight, {
        code: LOCAL_CODES.noAnswer,
        message: `No answer came within ${waited_s} s.`,
      });
    }
  }

  #finish(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (this.#under.size > 0 || this.#drained === undefined) return;
    clearInterval(this.#sweep);
    this.unsent = this.#isEnough ? 0 : this.#countUnsent();
    this.#drained();
    this.#drained = undefined;
  }

  #countUnsent(): number {
    const { schedule, measure_ms } = this.#options;
    schedule?.dropBefore(measure_ms);
    return schedule?.dueBefore(this.#end_ms) ?? 0;
  }
}
