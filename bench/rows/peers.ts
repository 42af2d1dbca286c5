import { bounceAgent, echoAgent } from '../harness/agents.js';
import { startBaseline } from '../harness/baseline.js';
import { CaxtonServer } from '../harness/caxton.js';
import { runScript } from '../harness/child.js';
import type { Context } from '../harness/context.js';
import { findNatsServer, startNatsEcho } from '../harness/nats.js';
import { askingMessage } from '../harness/sample-message.js';
import { type Measure, takeTurns } from '../harness/turns.js';
import { measureHttp } from '../load/measure-http.js';
import type { NatsInput } from '../load/nats-client.js';
import type { PiscinaInput } from '../load/peer-piscina.js';
import type { WindowResult, WindowTimes } from '../load/window.js';
import type { WsAskInput } from '../load/ws-ask-client.js';
import { PING, PONG, volley } from './volley.js';

const IN_FLIGHT = 256;
const CONNECTIONS = 64;
const ECHO = 'echo-0001';

const SANDBOXES = {
  peer_extism_worker: 'calls of an Extism plugin with runInWorker, which takes one at a time',
  peer_piscina_run: 'piscina.run for each message, a WebAssembly echo in its thread, 256 under way',
  peer_post_message: 'postMessage to a thread with a WebAssembly echo and back, 256 under way',
};

const SERVERS = {
  peer_node_http: 'node:http that parses JSON and answers with its content',
  peer_fastify: 'Fastify with schemas that answers with the content',
};

/** What else there is for the same purpose; a ratio of 2 = twice as many messages as the peer. */
export async function run(context: Context): Promise<void> {
  await sandboxes(context);
  await servers(context);
  await nats(context);
}

/** One worker with two agents, beside other ways to hand a message to a module in a thread. */
async function sandboxes(context: Context): Promise<void> {
  const server = await CaxtonServer.start({ workers: 1 });
  try {
    await server.deploy(PING, await bounceAgent(PONG));
    await server.deploy(PONG, await bounceAgent(PING));
    const times: WindowTimes = { seconds: context.seconds(0.8), warmSeconds: 0.3 };
    const input: PiscinaInput = { ...times, inFlight: IN_FLIGHT };
    const client = (script: string) => async () =>
      (await runScript<WindowResult>(`load/${script}.js`, input)).perSecond;
    await report(context, 'messages/s', SANDBOXES, 'agents on one worker, history on', {
      ours: () => volley(server, IN_FLIGHT, times.seconds),
      peer_extism_worker: client('peer-extism'),
      peer_piscina_run: client('peer-piscina'),
      peer_post_message: client('peer-post-message'),
    });
  } finally {
    await server.stop();
  }
}

/** The echo agent over REST, beside web servers that answer by themselves. */
async function servers(context: Context): Promise<void> {
  const server = await CaxtonServer.start();
  const node = await startBaseline('node-http');
  const fastify = await startBaseline('fastify');
  try {
    await server.deploy(ECHO, echoAgent());
    const load = {
      message: askingMessage(ECHO),
      connections: CONNECTIONS,
      seconds: context.seconds(0.8),
    };
    const peer = (port: number) => () =>
      measureHttp({ ...load, url: `http://127.0.0.1:${port}/api/v1/messages` });
    await report(context, 'requests/s', SERVERS, 'the echo agent over REST', {
      ours: () => measureHttp({ ...load, url: server.url('/api/v1/messages?wait=true'), server }),
      peer_node_http: peer(node.port),
      peer_fastify: peer(fastify.port),
    });
  } finally {
    await fastify.stop();
    await node.stop();
    await server.stop();
  }
}

/** Requests to the echo agent over one WebSocket, beside requests over one connection to NATS. */
async function nats(context: Context): Promise<void> {
  const program = findNatsServer();
  if (program === undefined) {
    process.stderr.write('peer_nats skipped: nats-server is not installed\n');
    return;
  }
  const server = await CaxtonServer.start();
  const echo = await startNatsEcho(program);
  try {
    await server.deploy(ECHO, echoAgent());
    const common = { seconds: context.seconds(0.8), warmSeconds: 0.3, inFlight: IN_FLIGHT };
    const ours: WsAskInput = { ...common, port: server.httpPort, message: askingMessage(ECHO) };
    const theirs: NatsInput = { ...common, port: echo.port };
    const about = { peer_nats: 'NATS request-reply with its Node.js client, 256 under way' };
    await report(context, 'requests/s', about, 'the echo agent over one WebSocket', {
      ours: () => server.verifiedWindow(() => runScript('load/ws-ask-client.js', ours)),
      peer_nats: async () =>
        (await runScript<WindowResult>('load/nats-client.js', theirs)).perSecond,
    });
  } finally {
    await echo.stop();
    await server.stop();
  }
}

async function report(
  context: Context,
  unit: string,
  peers: Readonly<Record<string, string>>,
  note: string,
  contestants: Readonly<Record<string, Measure>> & { readonly ours: Measure },
): Promise<void> {
  const rates = await takeTurns<string>(context.rounds, contestants);
  for (const [name, baselineIs] of Object.entries(peers)) {
    context.report({
      name,
      unit,
      values: rates.ours as number[],
      baselines: rates[name] as number[],
      baselineIs,
      note,
    });
  }
}
