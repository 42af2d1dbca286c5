import type { AgentLogsOutput } from '@caxton/sdk';
import { printable } from './printable.js';

export type LogLine = AgentLogsOutput['lines'][number];

/** One line that an agent logged. */
export function logLine({ timestamp, level, text }: LogLine): string {
  return `${timestamp} ${level.padEnd(5)} ${printable(text)}`;
}
