import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';
import { packageRoot } from '../package-root.js';
import type { RestApi } from './rest-api.js';
import { count, expect, line, milliseconds, timed } from './story.js';

export type Module = Uint8Array<ArrayBuffer>;

function fileOf(sample: string): string {
  return join(packageRoot(import.meta.url), 'dist/agents', `${sample}.wasm`);
}

export function isBuilt(sample: string): boolean {
  return existsSync(fileOf(sample));
}

/** One of the sample agents in `agents/`. */
export function sampleModule(sample: string): Module {
  return new Uint8Array(readFileSync(fileOf(sample)));
}

/** @param source WebAssembly text */
export async function assembleAgent(name: string, source: string): Promise<Module> {
  const { parseWat } = await wabt();
  const parsed = parseWat(`${name}.wat`, source);
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

/** Deploys an agent and prints how long it took. @param environment what it is configured with */
export async function deploy(
  rest: RestApi,
  name: string,
  wasm: Module,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const config = { name, resources: { memory: '10MB', cpu: '10000000' }, environment };
  const { result, ms } = await timed(rest.deploy<{ status: string }>(wasm, config));
  expect(result.status === 'running', `${name} is ${result.status} and not running`);
  const settings = Object.entries(environment).map(([key, value]) => `${key} ${value}`);
  line(
    [name, 9],
    [`${count(wasm.length)} bytes`, -13],
    [milliseconds(ms), -9],
    [settings.join(', '), 0],
  );
}
