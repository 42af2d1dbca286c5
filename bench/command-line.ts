import { parseArgs } from 'node:util';

/** What `npm run bench` takes, as in README.md beside this. */
export const USAGE = `npm run bench                            # everything but the soak, about a quarter of an hour
npm run bench -- --smoke                 # all of it for a moment: does it work, is a ratio much worse?
npm run bench -- rest ws_batch           # single benchmarks, by their names or those of their rows
npm run bench -- soak                    # ten minutes at four fifths of the top rate
npm run bench -- --out FILE rest         # also writes the results into a file
npm run bench -- --cpu-prof FOLDER rest  # servers write profiles of their threads, for Chrome's DevTools
`;

export interface CommandLine {
  readonly help: boolean;
  readonly smoke: boolean;
  readonly out: string | undefined;
  /** The folder for profiles of the servers' threads. */
  readonly profiles: string | undefined;
  readonly names: readonly string[];
}

/** @throws TypeError that tells in a sentence which argument is wrong */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      smoke: { type: 'boolean', default: false },
      out: { type: 'string' },
      'cpu-prof': { type: 'string' },
    },
    allowPositionals: true,
  });
  const { help, smoke, out, 'cpu-prof': profiles } = values;
  return { help, smoke, out, profiles, names: positionals };
}
