import { sinkAgent } from '../harness/agents.js';
import { startBaseline } from '../harness/baseline.js';
import { CaxtonServer } from '../harness/caxton.js';
import { runScript } from '../harness/child.js';
import type { Context } from '../harness/context.js';
import { sampleMessage } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';
import type { GrpcInput } from '../load/grpc-client.js';
import { hasH2load, loadWithH2load } from '../load/h2load.js';
import { UNDER_WAY } from '../load/under-way.js';
import type { WindowResult } from '../load/window.js';

const SINK = 'sink-0001';
const BASELINE = 'bare grpc-js server, same proto, constant answer';

/** Calls and one stream of gRPC beside a bare grpc-js server. */
export async function run(context: Context): Promise<void> {
  const bare = await startBaseline('bare-grpc');
  const server = await CaxtonServer.start();
  try {
    await server.deploy(SINK, await sinkAgent());
    const common = {
      seconds: context.seconds(1.5),
      warmSeconds: 0.3,
      message: sampleMessage(SINK),
    };
    const calls = (port: number): Promise<WindowResult> =>
      hasH2load
        ? loadWithH2load({
            ...common,
            port,
            connections: UNDER_WAY.grpc_connections,
            streams: UNDER_WAY.grpc_calls_per_connection,
          })
        : grpcClient({
            ...common,
            port,
            method: 'SendMessage',
            inFlight: UNDER_WAY.grpc_connections * UNDER_WAY.grpc_calls_per_connection,
          });
    // h2load counts neither what it warms up with nor what is under way at its end.
    const uncounted = hasH2load ? Number.POSITIVE_INFINITY : 0;
    await measure(context, server, bare.port, 'grpc_unary', 'calls/s', calls, uncounted);
    const stream = (port: number) =>
      grpcClient({ ...common, port, method: 'Converse', inFlight: UNDER_WAY.grpc_stream });
    await measure(context, server, bare.port, 'grpc_stream', 'messages/s', stream, 0);
  } finally {
    await server.stop();
    await bare.stop();
  }
}

const grpcClient = (input: GrpcInput): Promise<WindowResult> =>
  runScript<WindowResult>('load/grpc-client.js', input);

async function measure(
  context: Context,
  server: CaxtonServer,
  barePort: number,
  name: string,
  unit: string,
  load: (port: number) => Promise<WindowResult>,
  uncounted: number,
): Promise<void> {
  const { bare, ours } = await takeTurns(context.rounds, {
    bare: async () => (await load(barePort)).perSecond,
    ours: () => server.verifiedWindow(() => load(server.grpcPort), uncounted),
  });
  const client = name === 'grpc_unary' && hasH2load ? 'h2load' : 'a client of grpc-js';
  context.report({
    name,
    unit,
    values: ours,
    baselines: bare,
    baselineIs: BASELINE,
    note: `load by ${client}`,
  });
}
