import { closeSync, existsSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import { checkStructure } from './structure-check.js';
import { writeTrouble } from './write-trouble.js';

/**
 * What LMDB can't survive is found before it opens the file: places that lead nowhere, and for a
 * new file a disk without room.
 * @throws CaxtonError UNAVAILABLE
 */
export function checkBeforeOpening(dir: string, path: string, logger: Logger): void {
  const isThere = existsSync(path);
  if (!isThere || statSync(path).size === 0) {
    // A first start that was broken off leaves one too.
    if (isThere) logger.warn({ file: path }, 'the store’s file is empty: this is a new store');
    checkRoom(dir, path);
    return;
  }
  const { damages, complete } = checkStructure(path, { timeoutMs: LIMITS.store_check_ms });
  const [first] = damages;
  if (first !== undefined) {
    const reason = `${first.part}: ${first.what}`;
    throw new CaxtonError(
      'UNAVAILABLE',
      `The store in ${dir} is damaged and was not opened, nor changed: ${reason}. Restore a backup of store.mdb, or move that file away to begin with an empty store; "caxton store check --data ${dir}" tells all that is damaged.`,
      { field: 'data_dir', reason },
    );
  }
  if (!complete) {
    logger.info({ limit_ms: LIMITS.store_check_ms }, 'a part of the store was looked at only');
  }
}

function checkRoom(dir: string, path: string): void {
  const trial = `${path}-room`;
  try {
    const file = openSync(trial, 'w');
    try {
      for (let left: number = LIMITS.store_room_bytes; left > 0; ) {
        left -= writeSync(file, Buffer.alloc(left));
      }
    } finally {
      closeSync(file);
      rmSync(trial);
    }
  } catch (error) {
    const reason = writeTrouble(error);
    throw new CaxtonError(
      'UNAVAILABLE',
      `A store can’t be made in ${dir}: ${reason}. Make room, or name another data_dir.`,
      { field: 'data_dir', reason },
      error,
    );
  }
}
