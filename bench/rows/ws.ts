import { sinkAgent } from '../harness/agents.js';
import { startBaseline } from '../harness/baseline.js';
import { CaxtonServer } from '../harness/caxton.js';
import { runScript } from '../harness/child.js';
import type { Context } from '../harness/context.js';
import { sampleMessage } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';
import { UNDER_WAY } from '../load/under-way.js';
import type { WindowTimes } from '../load/window.js';
import type { WsBatchInput, WsBatchResult } from '../load/ws-batch-client.js';
import type { WsFanoutInput, WsFanoutResult } from '../load/ws-fanout-client.js';

const SINK = 'sink-0001';

/** Batches and streams over WebSocket beside what uWebSockets.js does by itself. */
export async function run(context: Context): Promise<void> {
  const bare = await startBaseline('bare-ws');
  const server = await CaxtonServer.start();
  try {
    await server.deploy(SINK, await sinkAgent());
    await batches(context, server, bare.port);
    await fanout(context, server, bare.port);
  } finally {
    await server.stop();
    await bare.stop();
  }
}

const times = (context: Context): WindowTimes => ({
  seconds: context.seconds(1.5),
  warmSeconds: 0.3,
});

async function batches(context: Context, server: CaxtonServer, barePort: number): Promise<void> {
  const client = (port: number, path: string) => {
    const input: WsBatchInput = {
      ...times(context),
      port,
      path,
      message: sampleMessage(SINK),
      messages: UNDER_WAY.ws_batch_messages,
      framesInFlight: UNDER_WAY.ws_frames,
    };
    return runScript<WsBatchResult>('load/ws-batch-client.js', input);
  };
  let refused = 0;
  const { bare, ours } = await takeTurns(context.rounds, {
    bare: async () => (await client(barePort, '/batch')).perSecond,
    ours: () =>
      server.verifiedWindow(async () => {
        const result = await client(server.httpPort, '/ws');
        refused += result.refused;
        return result;
      }),
  });
  context.report({
    name: 'ws_batch',
    unit: 'messages/s',
    values: ours,
    baselines: bare,
    baselineIs: 'bare uWebSockets.js that decodes the frame with @msgpack/msgpack and acks it',
    note: `${refused} messages found the mailbox full and are not counted`,
  });
}

async function fanout(context: Context, server: CaxtonServer, barePort: number): Promise<void> {
  const common = {
    ...times(context),
    subscribers: UNDER_WAY.ws_subscribers,
    inFlight: UNDER_WAY.ws_fanout,
  };
  const client = (input: WsFanoutInput) =>
    runScript<WsFanoutResult>('load/ws-fanout-client.js', input);
  const frame_bytes = { bare: 0, ours: 0 };
  const send = { type: 'send', message: sampleMessage(SINK) };
  const { bare, ours } = await takeTurns(context.rounds, {
    bare: async () => {
      const result = await client({ ...common, port: barePort, path: '/fanout', send });
      frame_bytes.bare = result.frameBytes;
      return result.perSecond;
    },
    ours: () =>
      server.verifiedWindow(async () => {
        const subscribe = { type: 'subscribe', filter: { agents: [SINK] } };
        const result = await client({
          ...common,
          port: server.httpPort,
          path: '/ws',
          subscribe,
          send,
        });
        frame_bytes.ours = result.frameBytes;
        return result;
      }),
  });
  context.report({
    name: 'ws_fanout',
    unit: 'deliveries/s',
    values: ours,
    baselines: bare,
    baselineIs: 'bare uWebSockets.js publish',
    note: `frames of ${frame_bytes.ours} bytes, of the baseline ${frame_bytes.bare}`,
  });
}
