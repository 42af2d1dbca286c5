import { readFileSync } from 'node:fs';
import wabt from 'wabt';
import { packageFile } from '../../src/base/package-file.js';
import { bouncedMessage } from './sample-message.js';

/** Features that the server allows in modules. */
const FEATURES = Object.freeze({
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  multi_value: true,
  bulk_memory: true,
  reference_types: true,
  simd: true,
});

/** WebAssembly text as a module. */
export async function compileWat(name: string, source: string): Promise<Uint8Array<ArrayBuffer>> {
  const { parseWat } = await wabt();
  const parsed = parseWat(`${name}.wat`, source, FEATURES);
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

function source(name: string): string {
  return readFileSync(packageFile('bench', 'agents', `${name}.wat`), 'utf8');
}

/** The sample agent that answers with the content that it was sent. */
export function echoAgent(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(packageFile('dist', 'agents', 'echo.wasm')));
}

/** A module of `bench/agents`. */
export function compileAgent(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return compileWat(name, source(name));
}

/** An agent that only consumes. */
export function sinkAgent(): Promise<Uint8Array<ArrayBuffer>> {
  return compileAgent('sink');
}

/** An agent that sends a message of the sample's size to its peer for each that it gets. */
export function bounceAgent(peer: string): Promise<Uint8Array<ArrayBuffer>> {
  const message = JSON.stringify(bouncedMessage(peer));
  const text = source('bounce')
    .replace('"MESSAGE"', JSON.stringify(message))
    .replaceAll('MESSAGE_BYTES', String(message.length));
  return compileWat('bounce', text);
}
