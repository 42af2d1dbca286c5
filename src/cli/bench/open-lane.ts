import type { Lane } from './connection-lane.js';
import type { BenchSettings } from './settings.js';

/** Makes connections of the transport that was chosen; what the others need is not loaded. */
export async function laneMaker(
  settings: BenchSettings,
  receivers: readonly string[],
): Promise<() => Lane> {
  switch (settings.transport) {
    case 'rest': {
      const { RestLane } = await import('./rest-lane.js');
      return () => new RestLane(settings, receivers);
    }
    case 'ws': {
      if (settings.message.wait) {
        const { WsLane } = await import('./ws-lane.js');
        return () => new WsLane(settings, receivers);
      }
      const { FastLane } = await import('./fast-lane.js');
      return () => new FastLane(settings, receivers);
    }
    case 'grpc': {
      const { GrpcLane } = await import('./grpc-lane.js');
      return () => new GrpcLane(settings, receivers);
    }
    case 'grpc-stream': {
      const { GrpcStreamLane } = await import('./grpc-stream-lane.js');
      return () => new GrpcStreamLane(settings, receivers);
    }
  }
}
