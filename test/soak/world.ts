import type { Dice } from '../faults/load.js';
import type { Account } from './account.js';
import type { ErrorBook, Subject } from './error-book.js';
import type { SoakedServer } from './soaked-server.js';

/** What all lanes of one round share. */
export interface World {
  readonly server: SoakedServer;
  readonly book: ErrorBook;
  readonly round: number;
  readonly accounts: Account[];
  /** How often what was done, by name, over all rounds. */
  readonly done: Map<string, number>;
}

/** One kind of client, or of mischief, that does one thing after the other while a round lasts. */
export interface Lane {
  /** Between two steps, at most, in milliseconds. */
  readonly pauseMs: number;
  step(): Promise<void>;
  /** Closes what is open. */
  rest(): Promise<void>;
}

export type MakeLane = (world: World, dice: Dice) => Lane;

export function tally(world: World, what: string): void {
  world.done.set(what, (world.done.get(what) ?? 0) + 1);
}

/**
 * Does one thing. Its failure goes into the book.
 * @returns undefined where it failed
 */
export async function attempt<T>(
  world: World,
  what: string,
  subject: Subject,
  action: () => Promise<T>,
): Promise<T | undefined> {
  const since = world.book.now();
  try {
    const result = await action();
    tally(world, what);
    return result;
  } catch (error) {
    world.book.note(error, what, subject, since);
    return undefined;
  }
}
