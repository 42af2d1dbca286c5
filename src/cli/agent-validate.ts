import type { Command } from 'commander';
import { LIMITS } from '../base/limits.js';
import { formatBytes } from '../base/units.js';
import { type PreparedModule, prepareAgentModule } from '../wasm/prepare.js';
import { outputOf } from './client-options.js';
import { byteSize, readBytes } from './option-values.js';
import { record } from './output.js';

/** `caxton agent validate`, which asks no server. */
export function addAgentValidate(group: Command): void {
  group
    .command('validate')
    .description('check a module as a deploy would, without a server')
    .argument('<file>', 'the module: a .wasm file')
    .option('--memory <size>', 'most memory, such as 50MB (default: 64MiB)', byteSize)
    .action((file: string, options: { memory?: number }, command: Command) => {
      const bytes = readBytes(file);
      const memoryMaxBytes = options.memory ?? LIMITS.memory_default_bytes;
      const result = report(file, bytes.length, prepareAgentModule(bytes, { memoryMaxBytes }));
      outputOf(command).print(JSON.stringify(result), () =>
        record({
          ...result,
          memory: `${formatBytes(result.memory.initial_bytes)} to ${formatBytes(result.memory.max_bytes)}`,
          exports: result.exports.join(', '),
          imports: result.imports.join(', ') || 'none',
        }),
      );
    });
}

function report(file: string, bytes: number, module: PreparedModule) {
  return {
    file,
    valid: true,
    bytes,
    metered_bytes: module.metered.length,
    functions: module.functions,
    memory: {
      initial_bytes: module.initialPages * LIMITS.wasm_page_bytes,
      max_bytes: module.maxPages * LIMITS.wasm_page_bytes,
    },
    start_section: module.start,
    exports: module.exports,
    imports: module.imports,
  };
}
