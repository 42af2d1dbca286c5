import { findSuite } from '../suites.js';

/** What rows with a target are about, for people. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  rest_send: 'POST a message to an agent',
  rest_wait: 'POST a message and wait for the agent’s answer',
  rest_persist: 'POST a message, answered when it is on disk',
  latency_added_us_p50: 'Time added to a request that waits for an answer, median',
  latency_added_us_p99: 'The same, 99th percentile',
  ws_batch: 'Batches over WebSocket',
  ws_fanout: 'A message to 100 subscribers over WebSocket',
  grpc_unary: 'Calls over gRPC',
  grpc_stream: 'A stream over gRPC',
  agent_to_agent_same_worker: 'Agents to each other, on one worker',
  agent_to_agent_two_workers: 'Agents to each other, on two workers',
  metering_mean: 'Fuel metering, mean of all kernels',
  metering_worst: 'Fuel metering, the worst kernel',
  metering_large_module: 'Metering a module of 10 MB',
  many_agents_10000_rate: 'Rate with 10,000 agents',
  many_agents_10000_overhead: 'Memory of each of 10,000 agents, beside its own',
  many_agents_10000_start: 'Start with 10,000 agents',
  history_cost: 'Rate with the history, beside that without',
  peer_extism_worker: 'Agents beside Extism plugins in workers',
  peer_piscina_run: 'Agents beside piscina.run',
  peer_nats: 'Requests beside NATS',
  idle_memory: 'Memory of an idle server',
  soak_memory_growth: 'Memory over ten minutes of load, last fifth over second',
  soak_p99_growth: 'p99 over ten minutes of load, last fifth over second',
};

export function describe(name: string): string {
  return DESCRIPTIONS[name] ?? name;
}

/** What measures a row. */
export function commandFor(name: string): string {
  return `npm run bench -- ${findSuite(name) ?? name}`;
}
