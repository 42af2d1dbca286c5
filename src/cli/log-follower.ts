import type { Connection } from './connection.js';
import type { LogLine } from './log-line.js';

/** As many as the server keeps. */
const LINES_MAX = 1_000;

/** Tells what an agent logs; the API has its last lines, and no stream of them. */
export class LogFollower {
  readonly #connection: Connection;
  readonly #agent: string;
  readonly #print: (line: LogLine) => void;
  #before: readonly LogLine[] = [];
  /** One look at a time, so that no line is told twice. */
  #looking: Promise<void> = Promise.resolve();

  constructor(connection: Connection, agent: string, print: (line: LogLine) => void) {
    this.#connection = connection;
    this.#agent = agent;
    this.#print = print;
  }

  /** Passes over what was logged until now. */
  skip(): Promise<void> {
    return this.#look(() => undefined);
  }

  /** Tells the lines since the last look. */
  tell(): Promise<void> {
    return this.#look(this.#print);
  }

  #look(print: (line: LogLine) => void): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      const lines = await this.#lines();
      const fresh = lines.slice(overlap(this.#before, lines));
      this.#before = lines;
      for (const line of fresh) print(line);
    });
    return this.#looking;
  }

  async #lines(): Promise<readonly LogLine[]> {
    try {
      const { value } = await this.#connection.ask((client) =>
        client.agentLogs(this.#agent, { limit: LINES_MAX }),
      );
      return value.lines;
    } catch {
      // There is no such agent yet, or no answer: the next look tells what this one could not.
      return this.#before;
    }
  }
}

/** How many lines, the last of the one look, are the first of the next. */
function overlap(before: readonly LogLine[], lines: readonly LogLine[]): number {
  for (let count = Math.min(before.length, lines.length); count > 0; count--) {
    const from = before.length - count;
    if (lines.slice(0, count).every((line, i) => same(line, before[from + i] as LogLine))) {
      return count;
    }
  }
  return 0;
}

function same(one: LogLine, other: LogLine): boolean {
  return one.timestamp === other.timestamp && one.level === other.level && one.text === other.text;
}
