import type { Suite } from './harness/context.js';

type Suites = Readonly<Record<string, () => Promise<Suite>>>;

/** What `npm run bench` measures, in its order: each is named and loaded by itself. */
export const SUITES: Suites = {
  rest: () => import('./rows/rest.js'),
  latency: () => import('./rows/latency.js'),
  ws: () => import('./rows/ws.js'),
  grpc: () => import('./rows/grpc.js'),
  'agent-to-agent': () => import('./rows/agent-to-agent.js'),
  metering: () => import('./rows/metering.js'),
  'many-agents': () => import('./rows/many-agents.js'),
  payload: () => import('./rows/payload.js'),
  'history-cost': () => import('./rows/history-cost.js'),
  'deploy-switch': () => import('./rows/deploy-switch.js'),
  workers: () => import('./rows/workers.js'),
  cost: () => import('./rows/cost.js'),
  idle: () => import('./rows/idle.js'),
  peers: () => import('./rows/peers.js'),
  ring: () => import('./rows/ring.js'),
  codec: () => import('./rows/codec.js'),
  'agent-call': () => import('./rows/agent-call.js'),
  store: () => import('./rows/store.js'),
  native: () => import('./rows/native.js'),
};

/** What takes too long to be run with the others. */
export const ON_REQUEST: Suites = {
  soak: () => import('./rows/soak.js'),
};

/** The benchmark of a name: its own, or that of one of its rows, which all begin as it does. */
export function findSuite(name: string): string | undefined {
  const names = Object.keys({ ...SUITES, ...ON_REQUEST });
  const asked = name.replaceAll('_', '-');
  const fitting = names.filter((each) => asked === each || asked.startsWith(rowPrefix(each)));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

// Rows of `peers` are peer_…
function rowPrefix(suite: string): string {
  return suite === 'peers' ? 'peer-' : suite;
}
