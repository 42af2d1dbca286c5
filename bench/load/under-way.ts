/** How much each load has under way: the same where it is measured and where it is profiled. */
export const UNDER_WAY = Object.freeze({
  rest_connections: 64,
  ws_batch_messages: 100,
  ws_frames: 16,
  ws_subscribers: 100,
  /** Messages to all subscribers: few enough for nobody to be taken for slow. */
  ws_fanout: 64,
  grpc_connections: 4,
  grpc_calls_per_connection: 16,
  grpc_stream: 256,
  agent_to_agent: 256,
});
