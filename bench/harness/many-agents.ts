import { sinkAgent } from './agents.js';
import type { CaxtonServer } from './caxton.js';

/** Deploys under way at a time. */
export const DEPLOYS = 16;

export const agentName = (number: number): string => `agent-${String(number).padStart(4, '0')}`;

/** Deploys so many agents that only consume. @returns how long it took, in seconds */
export async function deployAgents(server: CaxtonServer, count: number): Promise<number> {
  const wasm = await sinkAgent();
  const start = performance.now();
  let next = 0;
  const deployInTurn = async (): Promise<void> => {
    while (next < count) await server.deploy(agentName(next++), wasm);
  };
  await Promise.all(Array.from({ length: DEPLOYS }, deployInTurn));
  return (performance.now() - start) / 1_000;
}
