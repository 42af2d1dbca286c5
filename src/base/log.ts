import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';

export type Logger = PinoLogger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level: LogLevel;
  /** 1 = stdout, 2 = stderr. */
  readonly destination?: 1 | 2;
}

/** JSON lines; asynchronous, so that a slow terminal doesn't stall messages. */
export function createLogger(options: LogOptions): Logger {
  return pino(
    { level: options.level, base: undefined, timestamp: stdTimeFunctions.isoTime },
    pino.destination({ dest: options.destination ?? 2, sync: false }),
  );
}
