import { assembleAgent, deploy, sampleModule } from './agents.js';
import type { RestApi } from './rest-api.js';
import { count, expect, heading, line } from './story.js';

/** A new version as it should not be: it fails each message. */
const FAULTY = `(module
  (memory (export "memory") 2)
  (func (export "caxton_alloc") (param i32) (result i32) (i32.const 65536))
  (func (export "handle_message") (param i32 i32) (result i32) unreachable))`;

const AGENT = 'shop';
/** Messages under way at a time, each of which begins a conversation. */
const AT_ONCE = 10;
const AFTERWARDS = 100;

interface Deployment {
  readonly status: string;
  readonly from_version: string;
  readonly to_version: string;
  readonly reason?: string;
  readonly metrics: { readonly error_count: number };
}

interface Answers {
  good: number;
  failed: number;
}

/** Sends messages and counts the answers of both versions. */
async function load(rest: RestApi, answers: Answers): Promise<void> {
  const message = { performative: 'request', receiver: AGENT, content: { text: 'a book' } };
  const replies = await Promise.all(Array.from({ length: AT_ONCE }, () => rest.ask(message)));
  for (const { performative } of replies) {
    if (performative === 'inform') answers.good += 1;
    else answers.failed += 1;
  }
}

/** A canary that takes a fifth of the conversations, fails them, and goes back by itself. */
export async function showCanary(rest: RestApi): Promise<void> {
  heading('A canary: a faulty version of an agent that is at work');
  await deploy(rest, AGENT, sampleModule('echo'));
  const faulty = await assembleAgent('faulty', FAULTY);
  const { deployment_id } = await rest.post<{ deployment_id: string }>('/api/v1/deployments', {
    agent_id: AGENT,
    wasm_module: Buffer.from(faulty).toString('base64'),
    version: '2.0.0',
    strategy: {
      type: 'canary',
      stages: [
        { percentage: 20, duration: '5m' },
        { percentage: 100, duration: '0' },
      ],
      error_threshold: 0.05,
    },
  });
  const answers: Answers = { good: 0, failed: 0 };
  let deployment: Deployment;
  do {
    await load(rest, answers);
    deployment = await rest.get<Deployment>(`/api/v1/deployments/${deployment_id}`);
    expect(deployment.status !== 'completed', 'the faulty version was deployed');
  } while (deployment.status !== 'rolled_back');
  const { from_version, to_version, reason, metrics } = deployment;
  line(['20 % of new conversations to', 28], [to_version, 0]);
  line(['answered by', 28], [from_version, 9], [count(answers.good), -6]);
  line(['failed by', 28], [to_version, 9], [count(metrics.error_count), -6]);
  line([deployment.status, 28], [reason ?? '', 0]);

  const after: Answers = { good: 0, failed: 0 };
  while (after.good + after.failed < AFTERWARDS) await load(rest, after);
  expect(after.failed === 0, `${after.failed} messages failed after the canary was taken back`);
  line(['afterwards, answered by', 28], [from_version, 9], [count(after.good), -6]);
}
