import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pino, stdTimeFunctions } from 'pino';
import { LIMITS } from './limits.js';
import type { Logger } from './log.js';

/** Only the server's own user may read it. */
const MODE = 0o600;

export interface LogFile {
  readonly logger: Logger;
  /** Resolves when all lines are in the file, or can't be brought there. */
  close(): Promise<void>;
}

/**
 * Appends JSON lines to a file, made with its folder where it isn't there. Writing never blocks:
 * what waits for a slow or full disk is bounded, and `failed` tells what was lost.
 * Rejects with the system's error when the file can't be opened.
 */
export async function openLogFile(
  file: string,
  failed: (reason: string) => void,
): Promise<LogFile> {
  // Opened here: pino's own way of opening leaves a trap for the process's end where it fails.
  await mkdir(dirname(file), { recursive: true });
  const destination = pino.destination({
    dest: openSync(file, 'a', MODE),
    sync: false,
    maxLength: LIMITS.audit_buffer_bytes,
  });
  destination.on('error', (error: Error) => failed(error.message));
  destination.on('drop', () => failed('its lines wait for the disk, and there is no more room'));
  return {
    logger: pino({ base: undefined, timestamp: stdTimeFunctions.isoTime }, destination),
    close: async () => {
      // An error here was told by `failed`, and must not keep the server from stopping.
      const closed = once(destination, 'close').catch(() => undefined);
      destination.end();
      await closed;
      // Where lines are left, the library would try again as the process ends, and throw.
      destination.destroy();
    },
  };
}
