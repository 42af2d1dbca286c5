import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { findWasmClang } from '../../scripts/wasm-clang.js';
import { findChromium } from './chromium.js';

/** Tools that a developer may lack; each answers with the reason why it can't be used. */
const TOOLCHAINS = {
  'wasm-clang': (): string | undefined => {
    const clang = findWasmClang();
    return 'missing' in clang ? clang.missing : undefined;
  },
  chromium: (): string | undefined => {
    const chromium = findChromium();
    return 'missing' in chromium ? chromium.missing : undefined;
  },
  bash: (): string | undefined => whyNoShell('bash'),
  zsh: (): string | undefined => whyNoShell('zsh'),
  fish: (): string | undefined => whyNoShell('fish'),
} as const;

function whyNoShell(name: string): string | undefined {
  const { error } = spawnSync(name, ['-c', 'true']);
  return error && `${name} is not installed (${error.message})`;
}

export type Toolchain = keyof typeof TOOLCHAINS;

const answers = new Map<Toolchain, string | undefined>();

function whyMissing(name: Toolchain): string | undefined {
  if (!answers.has(name)) answers.set(name, TOOLCHAINS[name]());
  return answers.get(name);
}

/**
 * Whether the tool is there. When it is not, the test is skipped with the reason printed, or fails
 * where CAXTON_REQUIRE_TOOLCHAINS=1 says that all tools must be there. Return when it is false.
 */
export function hasToolchain(context: TestContext, name: Toolchain): boolean {
  const missing = whyMissing(name);
  if (missing === undefined) return true;
  if (process.env.CAXTON_REQUIRE_TOOLCHAINS === '1') {
    throw new Error(`CAXTON_REQUIRE_TOOLCHAINS=1, but ${name} can't be used: ${missing}`);
  }
  context.skip(`${name}: ${missing}`);
  console.log(`skipped "${context.name}": ${missing}`);
  return false;
}
