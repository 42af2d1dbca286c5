import type { Config } from '../../src/config/schema.js';
import { Runtime } from '../../src/runtime/runtime.js';
import type { Ledger } from './ledger.js';
import { Violation } from './ledger.js';
import { ObservedStore } from './observed-store.js';
import type { World } from './world.js';

/** Lines of the log that tell of something that the server could not do. */
const NEVER_LOGGED = [
  'a reply could not be handled',
  'a message of an agent could not be handled',
  'giving up an agent failed',
  'agent could not be stopped',
];

/** One life of the server's process: its runtime and its store, until it stops or crashes. */
export class SimulatedServer {
  readonly runtime: Runtime;
  readonly store: ObservedStore;
  ready = false;
  failure: unknown;

  constructor(world: World, ledger: Ledger, config: Config) {
    const logger = loggerFor(world);
    const before = process.listeners('exit');
    this.store = new ObservedStore(ledger, logger, config.limits.dead_letters);
    // It waits for the writer when the process exits, which this one is not about to do.
    for (const listener of process.listeners('exit')) {
      if (!before.includes(listener)) process.off('exit', listener as () => void);
    }
    this.runtime = new Runtime(config, this.store, logger);
    this.runtime.start().then(
      () => {
        this.ready = true;
      },
      (error) => {
        this.failure = error;
      },
    );
  }
}

function loggerFor(world: World): never {
  const note =
    (level: string) =>
    (details: { err?: Error; reason?: unknown; error?: unknown }, text: string): void => {
      const { err, reason, error } = details;
      world.note(`log ${level}: ${text} ${err?.message ?? JSON.stringify(reason ?? error ?? '')}`);
      if (!NEVER_LOGGED.includes(text)) return;
      if (err instanceof Violation) throw err;
      throw new Violation(`the log says: ${text}: ${err?.stack ?? reason}`);
    };
  const silent = (): void => undefined;
  const logger = { error: note('error'), warn: note('warn'), info: note('info'), debug: silent };
  return logger as never;
}
