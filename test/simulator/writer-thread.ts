import type { EventEmitter } from 'node:events';
import { HEAD, TAIL } from '../../src/ring/layout.js';
import { Commits } from '../../src/store/commits.js';
import type { DiskRoom } from '../../src/store/disk-room.js';
import { StatusWords } from '../../src/store/status-words.js';
import { openTables } from '../../src/store/tables.js';
import { Writer } from '../../src/store/writer.js';
import type { WriterStart } from '../../src/store/writer-thread.js';
import { SimulatedThread } from './simulated-thread.js';
import { diskOf, noSpace } from './substitutes/lmdb.js';
import { ThreadDeath, type World, world } from './world.js';

const URGENT = 1;
const GATE = 3;
const STOP = 4;
const BACKOFF_US = 100_000;
const LINGER_US = 100_000;

/**
 * The store's writer thread. Its commits are the product's; when it makes them is decided here: at
 * once when somebody waits, else after some part of the time for which records may gather.
 */
export class WriterThread extends SimulatedThread {
  #commits: Commits | undefined;
  readonly #start: WriterStart;
  readonly #owner: EventEmitter;
  readonly #words: Int32Array;
  readonly #ring: Int32Array;
  #failures = 0;
  #nextUs = Number.POSITIVE_INFINITY;

  constructor(owner: EventEmitter, start: WriterStart, present: World) {
    super(present, 'writer');
    this.weight = present.weather.writerWeight;
    this.#owner = owner;
    this.#words = new Int32Array(start.words);
    this.#ring = new Int32Array(start.ring);
    this.#start = start;
  }

  #begin(): Commits {
    const { path, ring, session, limits } = this.#start;
    const { loop } = this.world;
    const post = (notice: unknown): void => loop.post(() => this.#owner.emit('message', notice));
    const dropped = (reason: string): void => {
      throw new Error(`the writer dropped a message: ${reason}`);
    };
    const words = new StatusWords(this.#start.words);
    const room = new Room(path);
    const writer = new Writer(
      openTables(path),
      room as unknown as DiskRoom,
      ring,
      words,
      session,
      limits,
      dropped,
    );
    return new Commits(words, writer, post);
  }

  override wakesUs(): number {
    const freeUs = super.wakesUs();
    if (freeUs === Number.POSITIVE_INFINITY) return freeUs;
    const isUrgent = this.#words[URGENT] === 1 || this.#words[STOP] === 1;
    if (this.#failures === 0 && isUrgent) return freeUs;
    if (this.#nextUs === Number.POSITIVE_INFINITY && this.#ring[HEAD] !== this.#ring[TAIL]) {
      this.#nextUs = this.world.nowUs + this.world.random.below(LINGER_US);
    }
    return Math.max(freeUs, this.#nextUs);
  }

  // Its lock would be held for ever, so that the product never ends it there; nor does this.
  override mayDieHere(): boolean {
    return this.#words[GATE] === 0;
  }

  protected override step(): void {
    try {
      this.#commits ??= this.#begin();
      const outcome = this.#commits.attempt();
      this.world.note(`writer: commit ${outcome}`);
      this.#failures = outcome === 'failed' ? this.#failures + 1 : 0;
      this.#nextUs = Number.POSITIVE_INFINITY;
      if (outcome === 'failed') {
        this.#nextUs = this.world.nowUs + BACKOFF_US * 2 ** Math.min(this.#failures, 5);
      } else if (this.#words[STOP] === 1 && this.#ring[HEAD] === this.#ring[TAIL]) {
        this.die('told to stop');
      }
    } catch (thrown) {
      if (!(thrown instanceof ThreadDeath)) throw thrown;
    }
  }

  protected override died(where: string): void {
    this.world.count(`writer died: ${where}`);
    this.world.note(`writer died: ${where}`);
    this.world.loop.post(() => this.#owner.emit('exit', 0), this.world.random.below(2_000));
  }
}

/** In the place of DiskRoom, which writes to the file itself: refuses, half of the time, before LMDB does. */
class Room {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  ensure(): void {
    if (diskOf(this.#path).isFull && world()?.random.chance(0.5)) throw noSpace();
  }

  close(): void {}
}

export function startWriter(owner: EventEmitter, start: unknown): void {
  const present = world();
  if (present === undefined) throw new Error('a writer thread outside of a simulated world');
  new WriterThread(owner, start as WriterStart, present);
}
