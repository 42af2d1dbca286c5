import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { LIMITS } from '../base/limits.js';
import { newestMetaPage, readMetaPages } from './meta-pages.js';

const ZEROS = Buffer.alloc(1024 * 1024);

/**
 * Keeps room in the file ahead of LMDB. Where the system refuses a write of LMDB's own (no space, a
 * quota, a limit on files), lmdb 3.5.6 prints a text that may be longer than the memory it took for
 * it (mdb_page_flush, last_error), which ends the process. So we write there before, zeros, and
 * what is refused is refused to us, as an error, before the transaction has changed anything.
 */
export class DiskRoom {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'r+');
  }

  /**
   * Sees to it that the next transaction can write, and so many bytes behind what is in use. To be
   * called inside of a write transaction, as the first thing: LMDB's lock is what keeps everybody
   * else from the pages that are written to here.
   * @throws Error of the system when it refuses
   */
  ensure(bytes: number): void {
    const meta = newestMetaPage(readMetaPages(this.#file));
    if (meta === undefined) throw new Error('the store’s file is damaged: it has no meta page');
    const usedBytes = (meta.lastPage + 1) * meta.pageBytes;
    const fileBytes = fstatSync(this.#file).size;
    const wantedBytes = usedBytes + bytes;
    // What is there was taken from the disk before; one page tells whether it still takes writes.
    if (fileBytes >= wantedBytes) this.#fill(usedBytes, usedBytes + meta.pageBytes);
    else this.#grow(fileBytes, wantedBytes + LIMITS.store_room_bytes);
  }

  close(): void {
    closeSync(this.#file);
  }

  #grow(from: number, to: number): void {
    try {
      this.#fill(from, to);
    } catch (error) {
      // The last of the disk is of more use to others than to zeros.
      ftruncateSync(this.#file, from);
      throw error;
    }
  }

  #fill(from: number, to: number): void {
    for (let at = from; at < to; ) {
      at += writeSync(this.#file, ZEROS, 0, Math.min(ZEROS.length, to - at), at);
    }
  }
}
