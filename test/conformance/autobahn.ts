import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../scripts/package-root.js';
import { ServeProcess } from '../cli/cli-process.js';
import { runTool } from './run-tool.js';
import type { Suite, SuiteContext, SuiteResult } from './suite.js';

const ECHO = join(packageRoot(import.meta.url), 'dist/test/conformance/echo-messages.js');
/** Compression, which the server doesn't offer. */
const NOT_OFFERED = ['12.*', '13.*'];
/** Those in which the suite wants back no message of its own. */
const WITHOUT_ECHO = [
  ...['2.*', '3.1', '3.5', '3.6', '3.7', '4.1.1', '4.1.2', '4.2.1', '4.2.2', '5.1', '5.2', '5.9'],
  ...['5.10', '5.11', '5.12', '5.13', '5.14', '5.16', '5.17', '5.18', '6.3.*', '6.8.*', '6.10.*'],
  ...['6.12.*', '6.13.*', '6.14.*', '6.15.*', '6.16.*', '6.17.*', '6.18.*', '6.19.*', '6.20.*'],
  ...['6.21.*', '7.1.2', '7.1.3', '7.1.4', '7.1.5', '7.3.*', '7.5.*', '7.7.*', '7.9.*', '7.13.*'],
];
/** NON-STRICT passes too: the connection was failed, only not at the first byte that allows it. */
const PASSED = ['OK', 'NON-STRICT', 'INFORMATIONAL'];

interface CaseResult {
  readonly behavior: string;
  readonly behaviorClose: string;
}

/**
 * The WebSocket: all cases against a server that answers each message with itself and is the product in
 * all else, and those that need no echo against one as it is.
 */
export const autobahn: Suite = async (context) => {
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(ECHO)}` };
  const echoing = await ServeProcess.start([], undefined, { env });
  try {
    return [
      await fuzz(context, 'Autobahn, echoing', echoing.url, ['*']),
      await fuzz(context, 'Autobahn, as it is', context.server.url, WITHOUT_ECHO),
    ];
  } finally {
    await echoing.close();
  }
};

async function fuzz(
  { tools, folder }: SuiteContext,
  suite: string,
  url: string,
  cases: readonly string[],
): Promise<SuiteResult> {
  const reports = join(folder, suite.replaceAll(/\W+/g, '-'));
  const spec = `${reports}.json`;
  const server = { agent: 'caxton', url: `${url.replace('http', 'ws')}/ws` };
  writeFileSync(
    spec,
    JSON.stringify({
      outdir: reports,
      servers: [server],
      cases,
      'exclude-cases': NOT_OFFERED,
      'exclude-agent-cases': {},
    }),
  );
  await runTool(join(tools, 'python2/bin/wstest'), ['-m', 'fuzzingclient', '-s', spec], {
    folder,
    seconds: 600,
  });
  const index = readFileSync(join(reports, 'index.json'), 'utf8');
  const { caxton } = JSON.parse(index) as { caxton: Readonly<Record<string, CaseResult>> };
  const results = Object.entries(caxton);
  const findings = results
    .filter(([, result]) => !passed(result))
    .map(([name, result]) => ({
      name,
      what: `${result.behavior}, closed: ${result.behaviorClose}`,
    }));
  return { suite, version: '25.10.1', cases: results.length, findings };
}

function passed({ behavior, behaviorClose }: CaseResult): boolean {
  return PASSED.includes(behavior) && PASSED.includes(behaviorClose);
}
