import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../harness/child.js';
import { makeFolder, removeFolder } from '../harness/leftovers.js';
import { encodeRequest } from './message-service.js';
import type { WindowResult, WindowTimes } from './window.js';

export const hasH2load = spawnSync('h2load', ['--version']).error === undefined;

export interface UnaryLoad extends WindowTimes {
  readonly port: number;
  readonly message: object;
  readonly connections: number;
  readonly streams: number;
}

/**
 * Calls of SendMessage by h2load, which leaves more of the machine to servers than a client of
 * grpc-js. It doesn't look into trailers: that the messages arrived is for the caller to verify.
 */
export async function loadWithH2load(load: UnaryLoad): Promise<WindowResult> {
  const folder = makeFolder();
  try {
    const body = join(folder, 'request');
    const request = encodeRequest('SendMessage', load.message);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(request.length, 1);
    writeFileSync(body, Buffer.concat([head, request]));
    const out = await runProgram('h2load', [
      `-c${load.connections}`,
      `-m${load.streams}`,
      '-t1',
      // It counts in whole seconds.
      `-D${Math.ceil(load.seconds)}`,
      '-d',
      body,
      ...['-H', 'content-type: application/grpc', '-H', 'te: trailers'],
      `http://127.0.0.1:${load.port}/caxton.v1.MessageService/SendMessage`,
    ]);
    const rate = /finished in .*, ([\d.]+) req\/s/.exec(out);
    const counts = /(\d+) succeeded, (\d+) failed, (\d+) errored/.exec(out);
    if (rate === null || counts === null || counts[2] !== '0') {
      throw new Error(`h2load had failures:\n${out}`);
    }
    return { perSecond: Number(rate[1]), total: Number(counts[1]) };
  } finally {
    removeFolder(folder);
  }
}
