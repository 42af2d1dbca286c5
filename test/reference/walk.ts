import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { guest, sampleAgent } from '../support/guests.js';
import { bidder, participant } from '../support/participant.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { type ReferenceClient, withConfig, withReal, withRequest } from './client.js';
import * as agents from './printed/agents.js';
import * as deployments from './printed/deployments.js';
import type { PrintedExchange, RealValues } from './printed/exchange.js';
import * as messages from './printed/messages.js';
import * as metrics from './printed/metrics.js';
import * as tasks from './printed/tasks.js';
import { departures } from './shape.js';

type Answer = Readonly<Record<string, string>>;

const echo = sampleAgent('echo');
const echoText = Buffer.from(echo).toString('base64');

/** Follows the reference from its first request to its last, over one transport. */
export function walkReference(
  transport: string,
  makeClient: (server: TestServer) => ReferenceClient,
): void {
  describe(`the API reference over ${transport}`, () => {
    let server: TestServer;
    let client: ReferenceClient;
    before(async () => {
      server = await startTestServer();
      client = makeClient(server);
    });
    after(async () => {
      client?.close();
      await server?.close();
    });

    /** Sends a request as printed; its answer has all that the reference prints of it. */
    async function walk(exchange: PrintedExchange, real: RealValues = {}): Promise<Answer> {
      const answer = await client.ask(exchange, real);
      const { response, documented = {}, section } = exchange;
      assert.deepEqual(departures(response, answer, { real, documented }), [], section);
      return answer as Answer;
    }

    async function deploy(name: string, module = echo, config: object = {}): Promise<string> {
      const exchange = withConfig(agents.deployAgent, { name, ...config });
      const answer = await client.ask(exchange, { '@agent.wasm': module });
      return (answer as Answer).agent_id!;
    }

    describe('Agent Management API', () => {
      let agent: RealValues;

      test('Deploy Agent', async () => {
        const deployed = await walk(agents.deployAgent, { '@agent.wasm': echo });
        const { name, resource_limits: limits } = deployed as Record<string, unknown>;
        assert.deepEqual([name, limits], ['my-agent', { memory: '50MB', cpu_fuel: 100_000 }]);
        agent = { agent_123: deployed.agent_id! };
      });

      test('Deployment Strategies', async () => {
        for (const strategy of agents.deploymentStrategies) {
          await deploy(`by-${strategy}`, echo, { strategy });
        }
      });

      test('Hot Reload Agent', async () => {
        const reload = { ...agent, '@agent-v2.wasm': echo };
        const { from_version, to_version } = await walk(agents.hotReloadAgent, reload);
        // The printed 2.0.0 is another's; nothing in the printed request asks for it.
        assert.deepEqual([from_version, to_version], ['1.0.0', '1.1.0']);
        const reloaded = await deploy('reloaded');
        const exchange = withConfig(agents.hotReloadAgent, { version: '2.0.0' });
        const answer = await walk(exchange, { ...reload, agent_123: reloaded });
        assert.equal(answer.to_version, '2.0.0');
      });

      test('List Agents', async () => {
        await Promise.all(Array.from({ length: 10 }, (_, i) => deploy(`one-of-many-${i}`)));
        const page = (await walk(agents.listAgents)) as unknown as { next_offset: number };
        assert.equal(page.next_offset, 10);
      });

      test('Get Agent Details', async () => {
        // The agent of this section has a share of a core as its limit, the first one has fuel.
        const shared = await deploy('shared', echo, { resources: { memory: '50MB', cpu: '100m' } });
        const details = await walk(agents.getAgentDetails, { agent_123: shared });
        const { limits } = details.resources as unknown as { limits: object };
        assert.deepEqual(limits, { memory: '50MB', cpu: '100m' });
      });

      test('Update Agent', async () => {
        const updated = { agent_123: await deploy('updated'), base64_encoded_wasm: echoText };
        const { deployment_id } = await walk(agents.updateAgent, updated);
        // The old version is kept beside the new one for five minutes more.
        await eventually('the new version has all traffic', async () => {
          const shown = await client.ask(deployments.monitorDeployment, {
            deploy_888: deployment_id!,
          });
          return (shown as { readonly current_percentage: number }).current_percentage === 100;
        });
      });

      test('Update Agent, without what is optional', async () => {
        const { wasm_module, config } = agents.updateAgent.request;
        const reconfigured = { agent_123: await deploy('reconfigured') };
        const configAlone = { config, strategy: 'immediate' };
        await walk({ ...agents.updateAgent, request: configAlone }, reconfigured);
        await eventually('the new limit is in force', async () => {
          const { resources } = (await client.ask(agents.getAgentDetails, reconfigured)) as {
            readonly resources: { readonly limits: { readonly memory: string } };
          };
          return resources.limits.memory === '100MB';
        });
        const other = { agent_123: await deploy('with-new-code'), base64_encoded_wasm: echoText };
        const moduleAlone = { wasm_module, strategy: 'immediate' };
        await walk({ ...agents.updateAgent, request: moduleAlone }, other);
      });

      test('Stop Agent', async () => {
        // With a hundredth of a core it has messages left when it is stopped.
        const slow = await deploy('slow', await guest('slow-agent'), { resources: { cpu: '10m' } });
        for (let i = 0; i < 5; i++) await client.ask(messages.sendMessage, { agent_123: slow });
        await walk(agents.stopAgent, { agent_123: slow });
      });

      test('Remove Agent', async () => {
        const removed = { agent_123: await deploy('removed') };
        await walk(agents.removeAgent, removed);
        const { error } = await client.refusal(agents.getAgentDetails, removed);
        assert.equal(error.code, 'AGENT_NOT_FOUND');
      });
    });

    describe('Message API', () => {
      test('Send Message', async () => {
        await walk(messages.sendMessage, { agent_123: await deploy('receiver') });
      });

      test('Query Message History', async () => {
        const real = { agent_123: await deploy('talker'), conv_789: 'conv_long' };
        const sends = Array.from({ length: 60 }, () => client.ask(messages.sendMessage, real));
        await Promise.all(sends);
        await eventually('more than a page is in the history', async () => {
          const page = await client.ask(messages.queryMessageHistory, real);
          return (page as { readonly total: number }).total === 120;
        });
        const page = await walk(messages.queryMessageHistory, { conv_789: 'conv_long' });
        const [first] = page.messages as unknown as ReadonlyArray<Record<string, unknown>>;
        const printed = withReal(messages.sendMessage.request, real);
        for (const [name, value] of Object.entries(printed)) {
          assert.deepEqual(first?.[name], value, name);
        }
      });
    });

    describe('Task API', () => {
      let real: Record<string, string>;
      before(async () => {
        const progress = {
          progress: 0.65,
          subtasks: tasks.getTaskStatus.response.subtasks,
          partial: true,
        };
        const { winning_bid: best } = tasks.distributeTask.response;
        const bids = [{ estimated_time: 60, confidence: 0.5 }, best, { estimated_time: 600 }];
        const config = { capabilities: ['data_processing'] };
        const [one, two, three] = await Promise.all(
          bids.map(async (bid, i) => {
            const script = bidder(bid, { performative: 'inform', content: progress });
            return deploy(`participant-${i}`, await participant(script), config);
          }),
        );
        real = { agent_1: one!, agent_2: two!, agent_3: three!, agent_456: two! };
      });

      test('Create Task', async () => {
        real.task_999 = (await walk(tasks.createTask, real)).task_id!;
      });

      test('Distribute Task', async () => {
        const { winning_bid: bid } = await walk(tasks.distributeTask, real);
        const { winning_bid: printed } = tasks.distributeTask.response;
        assert.deepEqual(bid, { ...printed, agent_id: real.agent_456 });
      });

      test('Get Task Status', async () => {
        await eventually('there is progress', async () => {
          const task = await client.ask(tasks.getTaskStatus, real);
          return (task as { readonly progress: number }).progress === 0.65;
        });
        await walk(tasks.getTaskStatus, real);
      });
    });

    describe('Deployment API', () => {
      let real: Record<string, string>;
      before(async () => {
        real = { agent_123: await deploy('replaced'), base64_encoded_wasm: echoText };
      });

      test('Create Deployment', async () => {
        real.deploy_888 = (await walk(deployments.createDeployment, real)).deployment_id!;
      });

      test('Monitor Deployment', async () => {
        // With a first stage that is over at once its second goes on for ten minutes.
        const { strategy } = deployments.createDeployment.request;
        const [first, ...others] = strategy.stages;
        const stages = [{ ...first, duration: '0' }, ...others];
        const quick = withRequest(deployments.createDeployment, {
          strategy: { ...strategy, stages },
        });
        const agent = await deploy('replaced-sooner');
        const quickReal = { agent_123: agent, base64_encoded_wasm: echoText };
        const { deployment_id } = await walk(quick, quickReal);
        const monitored = { deploy_888: deployment_id! };
        await eventually('the second stage', async () => {
          const shown = await client.ask(deployments.monitorDeployment, monitored);
          return (shown as { readonly current_stage: number }).current_stage === 2;
        });
        const shown = await walk(deployments.monitorDeployment, monitored);
        assert.equal(shown.current_percentage, 50);
      });

      test('Rollback Deployment', async () => {
        const { rollback_to_version } = await walk(deployments.rollbackDeployment, real);
        assert.equal(rollback_to_version, '1.0.0');
      });
    });

    describe('Metrics API', () => {
      test('Get System Metrics', async () => {
        await walk(metrics.getSystemMetrics);
      });

      test('Get Agent Metrics', async () => {
        const real = { agent_123: await deploy('failing', await guest('trap-unreachable')) };
        await client.ask(messages.sendMessage, real);
        await eventually('the error is counted', async () => {
          const { metrics: figures } = (await client.ask(metrics.getAgentMetrics, real)) as {
            readonly metrics: { readonly errors: readonly unknown[] };
          };
          return figures.errors.length > 0;
        });
        await walk(metrics.getAgentMetrics, real);
      });
    });
  });
}
