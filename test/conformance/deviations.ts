import type { Finding } from './suite.js';

/** What a suite counts as failed, and why it stays so. */
export interface Deviation {
  readonly suite: string;
  /** Of the finding's name and what it was, with ": " between them. */
  readonly pattern: RegExp;
  readonly reason: string;
}

const NGHTTP2 =
  'Frames are read by nghttp2, in Node.js: it passes over frames of streams that are closed, ' +
  'or ends the connection in another way than the suite wants';
const shape = (message: string): RegExp =>
  new RegExp(`ST202.*"code":"INVALID_(REQUEST|WASM)","message":"${message}`);
const SHAPES = 'Schemathesis';

/** Everything else that a suite finds ends the run with 1. */
export const DEVIATIONS: readonly Deviation[] = [
  {
    suite: 'h2spec',
    pattern: /^2 [23]: .* on half-closed \(remote\) stream: HEADERS Frame/,
    reason: 'On a busy machine the answer to its request comes last, which it doesn’t expect',
  },
  {
    suite: 'h2spec',
    pattern: /^5\.1 (8|9|11|12): closed: /,
    reason: NGHTTP2,
  },
  {
    suite: 'h2spec',
    pattern: /^5\.1\.1 2: .*: HEADERS Frame/,
    reason: NGHTTP2,
  },
  {
    suite: 'h2spec',
    pattern: /^5\.1\.2 1: /,
    reason:
      'Each of its requests is answered at once, so that there are never more open than the 1,000 that are allowed',
  },
  {
    suite: 'h2spec',
    pattern: /^6\.7 2: Sends a PING frame with ACK: Connection closed/,
    reason: 'Node.js ends a connection whose client acknowledges a ping that nobody sent',
  },
  {
    suite: 'h2spec',
    pattern: /^6\.9\.1 2: .*: GOAWAY Frame/,
    reason: 'The connection is ended as it has to be, by GOAWAY with another code',
  },
  {
    suite: SHAPES,
    pattern: shape('cursor is not one that this list gave out'),
    reason: 'A cursor is any text to the document; only those that a list gave out are taken',
  },
  {
    suite: SHAPES,
    pattern: shape("performative '[^']*' is not a FIPA act"),
    reason: 'Acts are taken in any case, with - or _, which the document leaves as text',
  },
  {
    suite: SHAPES,
    pattern: shape('(The module |wasm_module must be a module in base64)'),
    reason: 'What is a module the document can’t say',
  },
  {
    suite: SHAPES,
    pattern: shape('(timeout_ms|until) is about waiting'),
    reason: 'That it needs wait=true the document says in words',
  },
  {
    suite: SHAPES,
    pattern: shape('(participants is missing|There is nothing to update)'),
    reason: 'That one of several fields is needed the document says in words',
  },
  {
    suite: SHAPES,
    pattern: shape('\\S+ is not a (size|duration|number of fuel)'),
    reason: 'The form of sizes and durations the document says in words',
  },
];

/** The one that explains a finding. */
export function deviationOf(suite: string, { name, what }: Finding): Deviation | undefined {
  return DEVIATIONS.find(
    (deviation) => deviation.suite === suite && deviation.pattern.test(`${name}: ${what}`),
  );
}
