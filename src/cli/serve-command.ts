import type { Command } from 'commander';
import { UsageError } from './failures.js';
import { wholeNumber } from './option-values.js';
import type { ServeOptions } from './serve.js';

/** `caxton serve` */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('run a server until it is told to stop')
    .option('--http <host:port>', 'where REST and WebSocket listen (default: 127.0.0.1:8080)')
    .option('--grpc <host:port>', 'where gRPC listens (default: 127.0.0.1:50051)')
    .option('--data <dir>', 'folder of the store (default: ./caxton-data)')
    .option('--workers <n>', 'worker threads (default: cores of the machine)', wholeNumber(1))
    .option('--config <file>', 'config file in YAML (env: CAXTON_CONFIG)')
    .option('--no-rate-limits', 'serve without rate limits')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent (default: info)')
    .option('--supervise', 'start the server again when it dies')
    .action(async (options: ServeOptions & { readonly supervise?: boolean }) => {
      refuseClientOptions(program);
      if (options.supervise === true) {
        const { supervise } = await import('./supervise.js');
        const args = process.argv.slice(2).filter((argument) => argument !== '--supervise');
        process.exit(await supervise(args));
      }
      // Loaded here, so that the other commands start without the whole server.
      const { serve } = await import('./serve.js');
      await serve(options);
    });
}

// Those of the whole program may stand in front of any command.
function refuseClientOptions(program: Command): void {
  for (const name of Object.keys(program.opts())) {
    throw new UsageError(`--${name} is for commands that ask a server; serve runs one.`);
  }
}
