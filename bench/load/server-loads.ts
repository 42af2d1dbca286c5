import { bounceAgent, echoAgent, sinkAgent } from '../harness/agents.js';
import type { CaxtonServer } from '../harness/caxton.js';
import { runScript } from '../harness/child.js';
import { compileAssembly } from '../harness/kernels.js';
import { agentName, deployAgents } from '../harness/many-agents.js';
import { askingMessage, messageOfContent, sampleMessage } from '../harness/sample-message.js';
import { PING, PONG, volley } from '../rows/volley.js';
import type { GrpcInput } from './grpc-client.js';
import { hasH2load, loadWithH2load } from './h2load.js';
import type { HttpClientInput } from './http-client.js';
import { measureHttp } from './measure-http.js';
import { UNDER_WAY } from './under-way.js';
import type { WsBatchInput } from './ws-batch-client.js';
import type { WsFanoutInput } from './ws-fanout-client.js';

type Message = Readonly<Record<string, unknown>>;

/** The load of a benchmark by itself, for a server that is looked at while it has it. */
export interface ServerLoad {
  readonly workers?: number;
  deploy(server: CaxtonServer): Promise<void>;
  /** @param contentBytes the size of each message's content; without it, that of the benchmark */
  run(server: CaxtonServer, seconds: number, contentBytes?: number): Promise<unknown>;
}

const SINK = 'sink-0001';
const ECHO = 'echo-0001';
const BUSY = 'busy-0001';
const MANY_AGENTS = 10_000;
/** Fewer frames where they are large, as what is under way has to fit into a mailbox of 8 MiB. */
const BATCH_BYTES_MAX = 4_000_000;

const deploySink = async (server: CaxtonServer): Promise<void> =>
  server.deploy(SINK, await sinkAgent());

/** To an agent that only consumes. */
const toSink = (contentBytes?: number): Message =>
  contentBytes === undefined ? sampleMessage(SINK) : messageOfContent(SINK, contentBytes);

/** From a caller who waits, and so gets a conversation from the server. */
const asking = (receiver: string, contentBytes?: number): Message => {
  if (contentBytes === undefined) return askingMessage(receiver);
  const own = { conversation_id: undefined, reply_with: undefined };
  return { ...messageOfContent(receiver, contentBytes), ...own };
};

const http = (server: CaxtonServer, query: string, message: Message, seconds: number) =>
  measureHttp({
    url: server.url(`/api/v1/messages${query}`),
    message,
    connections: UNDER_WAY.rest_connections,
    seconds,
    server,
  });

export const SERVER_LOADS = {
  rest_send: {
    deploy: deploySink,
    run: (server, seconds, bytes) => http(server, '', toSink(bytes), seconds),
  },
  rest_wait: {
    deploy: (server) => server.deploy(ECHO, echoAgent()),
    run: (server, seconds, bytes) => http(server, '?wait=true', asking(ECHO, bytes), seconds),
  },
  rest_persist: {
    deploy: deploySink,
    run: (server, seconds, bytes) =>
      http(server, '', { ...toSink(bytes), options: { persist: true } }, seconds),
  },
  rest_wait_busy: {
    deploy: (server) => server.deploy(BUSY, compileAssembly('busy')),
    run: (server, seconds, bytes) => http(server, '?wait=true', asking(BUSY, bytes), seconds),
  },
  latency_added: {
    deploy: (server) => server.deploy(ECHO, echoAgent()),
    run: (server, seconds, bytes) =>
      runScript('load/http-client.js', {
        port: server.httpPort,
        path: '/api/v1/messages?wait=true',
        body: JSON.stringify(asking(ECHO, bytes)),
        connections: 1,
        seconds,
        warmSeconds: 0,
      } satisfies HttpClientInput),
  },
  ws_batch: { deploy: deploySink, run: wsBatch },
  ws_fanout: {
    deploy: deploySink,
    run: (server, seconds, bytes) =>
      runScript('load/ws-fanout-client.js', {
        port: server.httpPort,
        path: '/ws',
        seconds,
        warmSeconds: 0,
        subscribers: UNDER_WAY.ws_subscribers,
        inFlight: UNDER_WAY.ws_fanout,
        subscribe: { type: 'subscribe', filter: { agents: [SINK] } },
        send: { type: 'send', message: toSink(bytes) },
      } satisfies WsFanoutInput),
  },
  grpc_unary: { deploy: deploySink, run: grpcUnary },
  grpc_stream: {
    deploy: deploySink,
    run: (server, seconds, bytes) =>
      grpc(server, 'Converse', UNDER_WAY.grpc_stream, seconds, bytes),
  },
  agent_to_agent: {
    workers: 1,
    deploy: async (server) => {
      await server.deploy(PING, await bounceAgent(PONG));
      await server.deploy(PONG, await bounceAgent(PING));
    },
    run: (server, seconds) => volley(server, UNDER_WAY.agent_to_agent, seconds),
  },
  many_agents: {
    deploy: async (server) => {
      await deployAgents(server, MANY_AGENTS);
    },
    run: (server, seconds) =>
      measureHttp({
        url: server.url('/api/v1/messages'),
        message: Array.from({ length: MANY_AGENTS }, (_, i) => sampleMessage(agentName(i))),
        connections: UNDER_WAY.rest_connections,
        seconds,
        server,
      }),
  },
} satisfies Readonly<Record<string, ServerLoad>>;

export type ServerLoadName = keyof typeof SERVER_LOADS;

function wsBatch(server: CaxtonServer, seconds: number, contentBytes?: number): Promise<unknown> {
  const message = toSink(contentBytes);
  const messages = UNDER_WAY.ws_batch_messages;
  const frameBytes = messages * JSON.stringify(message).length;
  const framesInFlight = Math.max(
    1,
    Math.min(UNDER_WAY.ws_frames, Math.floor(BATCH_BYTES_MAX / frameBytes)),
  );
  return runScript('load/ws-batch-client.js', {
    port: server.httpPort,
    path: '/ws',
    seconds,
    warmSeconds: 0,
    message,
    messages,
    framesInFlight,
  } satisfies WsBatchInput);
}

function grpcUnary(server: CaxtonServer, seconds: number, contentBytes?: number): Promise<unknown> {
  const { grpc_connections: connections, grpc_calls_per_connection: streams } = UNDER_WAY;
  if (!hasH2load) return grpc(server, 'SendMessage', connections * streams, seconds, contentBytes);
  return loadWithH2load({
    port: server.grpcPort,
    message: toSink(contentBytes),
    connections,
    streams,
    seconds,
    warmSeconds: 0,
  });
}

function grpc(
  server: CaxtonServer,
  method: GrpcInput['method'],
  inFlight: number,
  seconds: number,
  contentBytes?: number,
): Promise<unknown> {
  const message = toSink(contentBytes);
  const port = server.grpcPort;
  const input: GrpcInput = { port, method, inFlight, message, seconds, warmSeconds: 0 };
  return runScript('load/grpc-client.js', input);
}
