import type { FuzzTarget } from './target.js';

/** Starts a target; each is loaded only when it is run. */
type Start = () => Promise<FuzzTarget>;

/** All targets by name, in the order in which they run. */
export const TARGETS: Readonly<Record<string, Start>> = Object.freeze({
  'module-mutation': async () => (await import('./wasm/module-mutation.js')).moduleMutation(),
  'module-generation': async () => (await import('./wasm/module-generation.js')).moduleGeneration(),
  'ring-frames': async () => (await import('./ring/ring-frames.js')).ringFrames(),
  envelopes: async () => (await import('./envelopes/envelopes.js')).envelopes(),
  'config-files': async () => (await import('./config-files.js')).configFiles(),
  'http-requests': async () => (await import('./server/http-requests.js')).httpRequests(),
  'websocket-frames': async () => (await import('./server/websocket-frames.js')).websocketFrames(),
  'grpc-frames': async () => (await import('./server/grpc-frames.js')).grpcFrames(),
  api: async () => (await import('./api/fuzz-api.js')).apiRequests(),
});
