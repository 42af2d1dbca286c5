import { DATA_WORDS_OFFSET, GENERATION, HEAD, TAIL } from '../../../src/ring/layout.js';
import type { Tape } from '../../support/tape.js';

/** Writes into one word that says where frames are: of the ring, or of the frame read next. */
export function corrupt(
  words: Int32Array,
  position: number,
  capacityBytes: number,
  tape: Tape,
): void {
  const header = DATA_WORDS_OFFSET + ((position & (capacityBytes - 1)) >> 2);
  const word = tape.pick([TAIL, TAIL, HEAD, GENERATION, header, header, header + 1]);
  const now = Atomics.load(words, word);
  const anything = (tape.next(256) << 24) | (tape.next(256) << 16) | (tape.next(256) << 8);
  const changed = tape.pick([
    now + 8 * (1 + tape.next(64)),
    now - 8 * (1 + tape.next(64)),
    now ^ (1 << tape.next(32)),
    anything | tape.next(256),
    0,
    -1,
    now + capacityBytes,
  ]);
  Atomics.store(words, word, changed);
}
