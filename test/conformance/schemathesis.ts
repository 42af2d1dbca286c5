import { join } from 'node:path';
import { packageRoot } from '../../scripts/package-root.js';
import { runTool } from './run-tool.js';
import type { Finding, Suite } from './suite.js';

const OWN = join(packageRoot(import.meta.url), 'test/conformance');
const EXAMPLES = '10';
const OPERATION = /^_{3,} ((?:GET|PUT|POST|DELETE|PATCH|HEAD) \S+) _{3,}$/;
const FAILURE = /^- (ST\d+ .+|.+)$/;
const ANSWER = /^ {4}`(.+)`?$/;

/** Valid and invalid requests made from /openapi.json, with all checks of the answers. */
export const schemathesis: Suite = async ({ tools, server, folder }) => {
  const { text } = await runTool(
    join(tools, 'python/bin/st'),
    [
      ...['--config-file', join(OWN, 'schemathesis.toml'), 'run', `${server.url}/openapi.json`],
      ...['--checks', 'all', '--mode', 'all', '--max-examples', EXAMPLES, '--seed', '1'],
      ...['--generation-deterministic', '--continue-on-failure', '--request-timeout', '30'],
      ...['--no-color', '--output-truncate', 'false'],
    ],
    {
      folder,
      env: { SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: OWN, COLUMNS: '80' },
      seconds: 1_200,
    },
  );
  const cases = Number(/^ +([\d,]+) generated/m.exec(text)?.[1]?.replaceAll(',', ''));
  if (!(cases > 0)) throw new Error(`Schemathesis says no result:\n${text}`);
  const version = /Schemathesis v(\S+)/.exec(text)?.[1] ?? '';
  return [{ suite: 'Schemathesis', version, cases, findings: findings(text) }];
};

/** One for each failure that the report tells in full, and for each error of the suite itself. */
function findings(text: string): Finding[] {
  const found: Finding[] = [];
  let operation = '';
  let failure = '';
  for (const line of text.split('\n')) {
    const next = OPERATION.exec(line)?.[1];
    if (next !== undefined) {
      operation = next;
      failure = '';
      continue;
    }
    failure = FAILURE.exec(line)?.[1] ?? failure;
    if (operation === '') continue;
    const answer = ANSWER.exec(line)?.[1];
    if (answer !== undefined) found.push({ name: operation, what: `${failure}: ${answer}` });
    else if (/^(Network Error|Runtime Error|Schema Error)/.test(line)) {
      found.push({ name: operation, what: line });
    }
  }
  const unique = Number(/generated, (\d+) found/.exec(text)?.[1] ?? 0);
  if (unique > found.length) {
    found.push({ name: 'the report', what: `tells ${unique} failures, ${found.length} were read` });
  }
  return found;
}
