import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { ServeProcess } from '../cli/cli-process.js';
import { type SampleAgent, sampleAgent } from '../support/guests.js';
import { call, deployForm } from '../support/rest-client.js';
import { autobahn } from './autobahn.js';
import { deviationOf } from './deviations.js';
import { grpcClients } from './grpc-clients.js';
import { h2spec } from './h2spec.js';
import { schemathesis } from './schemathesis.js';
import { slowhttptest } from './slowhttptest.js';
import type { Suite, SuiteResult } from './suite.js';

/* Started by test/conformance/run. Prints what each suite found as a table, and all that is not explained. */

const SUITES: Readonly<Record<string, Suite>> = {
  schemathesis,
  autobahn,
  h2spec,
  'grpc-clients': grpcClients,
  slowhttptest,
};
const AGENTS: readonly SampleAgent[] = ['echo', 'counter', 'bidder'];

const { tools, only } = new Command('test/conformance/run')
  .requiredOption('--tools <folder>', 'where the suites are installed')
  .option('--only <suites...>', `some of ${Object.keys(SUITES).join(', ')}`)
  .parse()
  .opts<{ tools: string; only?: string[] }>();

/** Each has a server of its own, so that none finds what another has left. */
async function runSuite(suite: Suite): Promise<readonly SuiteResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-conformance-'));
  const server = await ServeProcess.start();
  try {
    for (const name of AGENTS) {
      const form = deployForm(sampleAgent(name), { name });
      await call(`${server.url}/api/v1/agents`, 'POST', form);
    }
    const results = await suite({ tools, server, folder });
    await call(`${server.url}/readyz`, 'GET');
    return results;
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

let unexplained = 0;
const rows = [
  '| Suite | Version | Cases | Passed | Deviations |',
  '| --- | --- | --- | --- | --- |',
];
for (const name of only ?? Object.keys(SUITES)) {
  const suite = SUITES[name];
  if (suite === undefined) throw new Error(`there is no suite ${name}`);
  console.log(`${name} …`);
  for (const result of await runSuite(suite)) {
    const open = result.findings.filter((finding) => !deviationOf(result.suite, finding));
    unexplained += open.length;
    for (const finding of open)
      console.log(`UNEXPLAINED ${result.suite}, ${finding.name}: ${finding.what}`);
    const { cases, findings } = result;
    rows.push(
      `| ${result.suite} | ${result.version} | ${cases} | ${cases - findings.length} | ${findings.length} |`,
    );
    for (const finding of findings) {
      const reason = deviationOf(result.suite, finding)?.reason;
      if (reason !== undefined) console.log(`${finding.name}: ${finding.what}\n  ${reason}.`);
    }
  }
}
console.log(`\n${rows.join('\n')}\n`);
console.log(unexplained === 0 ? 'Nothing is unexplained.' : `${unexplained} are unexplained.`);
if (unexplained > 0) process.exitCode = 1;
