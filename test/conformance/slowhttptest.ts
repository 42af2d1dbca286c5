import { runTool } from './run-tool.js';
import type { Finding, Suite } from './suite.js';

const MODES = [
  ['slow headers', '-H', '/api/v1/status'],
  ['slow bodies', '-B', '/api/v1/messages'],
  ['ranges', '-R', '/openapi.json'],
  ['slow reads', '-X', '/openapi.json'],
] as const;
const CONNECTIONS = '500';

/** Clients that are slow on purpose: others must be served all the time. */
export const slowhttptest: Suite = async ({ server, folder }) => {
  const found: Finding[] = [];
  let version = '';
  for (const [name, mode, path] of MODES) {
    const { text } = await runTool(
      'slowhttptest',
      [
        ...['-c', CONNECTIONS, mode, '-i', '3', '-r', '200', '-l', '20', '-p', '5'],
        ...['-u', `${server.url}${path}`],
      ],
      { folder, seconds: 120 },
    );
    version = /slowhttptest version ([\d.]+)/.exec(text)?.[1] ?? version;
    const served = [...text.matchAll(/service available:\s+(\w+)/g)].map(([, word]) => word);
    if (served.length === 0) throw new Error(`slowhttptest says no result:\n${text}`);
    if (served.includes('NO')) found.push({ name, what: 'others were not served' });
  }
  return [{ suite: 'slowhttptest', version, cases: MODES.length, findings: found }];
};
