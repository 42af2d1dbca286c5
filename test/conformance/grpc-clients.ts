import { join } from 'node:path';
import { packageRoot } from '../../scripts/package-root.js';
import { runTool, type ToolResult } from './run-tool.js';
import type { Finding, Suite, SuiteContext, SuiteResult } from './suite.js';

const PYTHON_CHECKS = join(packageRoot(import.meta.url), 'test/conformance/grpc_clients.py');
const SECONDS = 60;

/** Health and reflection, by clients of other makers. */
export const grpcClients: Suite = async (context) => [
  await healthProbe(context),
  await grpcurl(context),
  await python(context),
];

interface Check {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says?: RegExp;
}

async function checkAll(
  suite: string,
  version: string,
  checks: readonly Check[],
  run: (args: readonly string[]) => Promise<ToolResult>,
): Promise<SuiteResult> {
  const findings: Finding[] = [];
  for (const { name, args, code, says = /(?:)/ } of checks) {
    const result = await run(args);
    if (result.code === code && says.test(result.text)) continue;
    findings.push({ name, what: `ended with ${result.code}: ${result.text}` });
  }
  return { suite, version, cases: checks.length, findings };
}

function healthProbe({ tools, server, folder }: SuiteContext): Promise<SuiteResult> {
  const program = join(tools, 'bin/grpc-health-probe');
  const service = (name: string, code: number): Check => ({
    name: `the health of ${name || 'the server'}`,
    args: [`-addr=${server.grpcAddress}`, `-service=${name}`],
    code,
  });
  return checkAll(
    'grpc-health-probe',
    '0.4.63',
    // 3 is its code for a service that is unknown.
    [service('', 0), service('caxton.v1.MessageService', 0), service('no.such.Service', 3)],
    (args) => runTool(program, args, { folder, seconds: SECONDS }),
  );
}

function grpcurl({ tools, server, folder }: SuiteContext): Promise<SuiteResult> {
  const program = join(tools, 'bin/grpcurl');
  const { grpcAddress } = server;
  const send = JSON.stringify({
    message: { performative: 'request', receiver: 'echo', content: { well: true } },
  });
  const call = (method: string, data: string, says: RegExp): Check => ({
    name: `calling ${method}`,
    args: ['-d', data, grpcAddress, method],
    code: 0,
    says,
  });
  return checkAll(
    'grpcurl',
    '1.9.4',
    [
      { name: 'listing', args: [grpcAddress, 'list'], code: 0, says: /caxton\.v1\.AgentService/ },
      { name: 'describing', args: [grpcAddress, 'describe'], code: 0, says: /rpc SendMessages/ },
      call('caxton.v1.AgentService/ListAgents', '{}', /"echo"/),
      call('caxton.v1.MessageService/SendMessageAndWait', send, /"well": true/),
      call('grpc.health.v1.Health/Check', '{}', /SERVING/),
    ],
    (args) => runTool(program, ['-plaintext', ...args], { folder, seconds: SECONDS }),
  );
}

async function python({ tools, server, folder }: SuiteContext): Promise<SuiteResult> {
  const program = join(tools, 'python/bin/python');
  const options = { folder, seconds: SECONDS };
  const { text } = await runTool(program, [PYTHON_CHECKS, server.grpcAddress], options);
  const lines = text.split('\n').filter((line) => line !== '');
  const findings = lines
    .filter((line) => !line.startsWith('ok '))
    .map((line) => ({ name: 'a check in Python', what: line }));
  const versions = await runTool(program, ['-m', 'pip', 'freeze'], options);
  const version = /^grpcio==(\S+)$/m.exec(versions.text)?.[1] ?? '';
  return { suite: 'grpcio (Python)', version, cases: lines.length, findings };
}
