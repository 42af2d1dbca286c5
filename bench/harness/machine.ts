import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly kernel: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory_gib: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    kernel: `${platform()} ${release()}`,
    node: process.version,
  };
}

/** How many threads of others wanted to run in the last minute: figures of a busy machine mean little. */
export function loadOfOthers(): number {
  return Math.round((loadavg()[0] as number) * 100) / 100;
}
