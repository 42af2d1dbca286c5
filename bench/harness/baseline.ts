import { benchScript, start } from './child.js';

export interface Baseline {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server of `bench/baselines`, which prints the port on which it listens. */
export async function startBaseline(name: string): Promise<Baseline> {
  const script = benchScript(`baselines/${name}.js`);
  const { ready, pid, stop } = await start(process.execPath, [script], /^port (\d+)$/);
  return { port: Number(ready[1]), pid, stop };
}
