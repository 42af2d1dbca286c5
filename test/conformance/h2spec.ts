import { join } from 'node:path';
import { runTool } from './run-tool.js';
import type { Finding, Suite } from './suite.js';

const SECTION = /^\s+([\d.]+)\. \S/;
const FAILED = /^\s+× (\d+): (.+)$/;
const ACTUAL = /^\s+Actual: (.+)$/;

/** HTTP/2 and HPACK on the port of gRPC. */
export const h2spec: Suite = async ({ tools, server, folder }) => {
  const program = join(tools, 'bin/h2spec');
  const [host, port] = server.grpcAddress.split(':') as [string, string];
  const { text } = await runTool(program, ['--host', host, '--port', port, '--timeout', '3'], {
    folder,
    seconds: 300,
  });
  const cases = Number(/^(\d+) tests, /m.exec(text)?.[1]);
  if (!(cases > 0)) throw new Error(`h2spec says no result:\n${text}`);
  return [{ suite: 'h2spec', version: '2.2.1', cases, findings: findings(text) }];
};

/** What the report tells of the cases that failed, at its end. */
function findings(text: string): Finding[] {
  const found: Finding[] = [];
  let section = '';
  let failed: string | undefined;
  for (const line of text.split('\n')) {
    section = SECTION.exec(line)?.[1] ?? section;
    const [, number, title] = FAILED.exec(line) ?? [];
    if (number !== undefined) failed = `${section} ${number}: ${title}`;
    const actual = ACTUAL.exec(line)?.[1];
    if (actual === undefined || failed === undefined) continue;
    if (!found.some(({ name }) => name === failed)) found.push({ name: failed, what: actual });
    failed = undefined;
  }
  return found;
}
