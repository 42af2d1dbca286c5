import type { PlainError } from '../../src/base/errors.js';
import { decodeMessage } from '../../src/fipa/binary.js';
import { EmbeddedStore } from '../../src/store/embedded-store.js';
import { openTables } from '../../src/store/tables.js';
import { type Ledger, Violation } from './ledger.js';

// Metrics ask for the size of a file now and then; this one is there.
export const STORE_PATH = process.execPath;

/** More than what must have room before anything is taken from a worker. */
const RING_BYTES = 1024 * 1024;

/** The product's store, whose calls are written down too. */
export class ObservedStore extends EmbeddedStore {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger, logger: never, deadLettersMax: number) {
    const options = {
      dir: '/',
      historyEnabled: true,
      historyMaxMessages: 1_000_000,
      historyMaxAgeMs: 7 * 86_400_000,
      deadLettersMax,
      ringBytes: RING_BYTES,
      logger,
    };
    super(options, STORE_PATH, openTables(STORE_PATH), () => undefined);
    this.#ledger = ledger;
  }

  override appendMessage(
    bytes: Buffer,
    offset: number,
    length: number,
    view?: DataView,
    pending?: number,
  ): boolean {
    const message = decodeMessage(bytes, offset);
    const taken = super.appendMessage(bytes, offset, length, view, pending);
    if (!taken) throw new Violation(`message ${message.messageId} has no room in the history`);
    this.#ledger.accepted(message);
    return taken;
  }

  override putDeadLetter(bytes: Buffer, agentId: string, error: PlainError, at: number): void {
    super.putDeadLetter(bytes, agentId, error, at);
    this.#ledger.deadLetter(decodeMessage(bytes), error);
  }
}
