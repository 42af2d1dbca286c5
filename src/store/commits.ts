import type { StatusWords } from './status-words.js';
import { writeTrouble } from './write-trouble.js';
import type { Writer } from './writer.js';

/** What the writer thread posts to the main thread. */
export type WriterNotice =
  | { readonly notice: 'committed' }
  | { readonly notice: 'failing'; readonly reason: string }
  | { readonly notice: 'recovered' }
  | { readonly notice: 'dropped'; readonly reason: string };

/** One commit after another, each with what those who wait for it are told. */
export class Commits {
  readonly #words: StatusWords;
  readonly #writer: Writer;
  readonly #post: (notice: WriterNotice) => void;

  constructor(words: StatusWords, writer: Writer, post: (notice: WriterNotice) => void) {
    this.#words = words;
    this.#writer = writer;
    this.#post = post;
  }

  /**
   * Writes one group, or prunes where there is nothing to write.
   * @returns whether there was more than one group holds, or that the disk didn't take it
   */
  attempt(): 'done' | 'more' | 'failed' {
    const words = this.#words;
    try {
      words.clearUrgent();
      const written = this.#writer.writeGroup();
      if (written === 'nothing') this.#writer.prune();
      if (words.failing) {
        words.setFailing(false);
        this.#post({ notice: 'recovered' });
      }
      if (words.takeDoorbell()) this.#post({ notice: 'committed' });
      return written === 'part' ? 'more' : 'done';
    } catch (error) {
      words.setFailing(true);
      this.#post({ notice: 'failing', reason: writeTrouble(error) });
      return 'failed';
    }
  }
}
