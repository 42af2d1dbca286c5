import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { AgentMetrics } from '../../src/runtime/agent-metrics.js';
import { eventually } from '../support/eventually.js';
import { startTestRuntime, type TestRuntime } from '../support/runtime.js';

const PERIODS = ['1m', '5m', '1h', '24h'];

describe('the figures of an agent', () => {
  let test: TestRuntime;
  before(async () => {
    test = await startTestRuntime({ workers: 2 });
  });
  after(() => test.close());

  const metricsOf = (agent: string, period = '1h') => test.runtime.metrics.agent(agent, period);

  async function metricsAfter(agent: string, messages: number): Promise<AgentMetrics> {
    return eventually(`${messages} messages of ${agent} are counted`, () => {
      const metrics = metricsOf(agent);
      return metrics.messages_processed + metrics.messages_failed === messages && metrics;
    });
  }

  it('are 0 before it did anything, but for the memory that it has', async () => {
    const { memoryBytes } = await test.deploy('echo', { name: 'idle' });
    const memory = memoryBytes / 1e6;
    for (const period of PERIODS) {
      const { memory_usage, errors, cpu_usage, ...rest } = metricsOf('idle', period);
      assert.deepEqual(cpu_usage, { average: 0, peak: 0 });
      assert.ok(Math.abs(memory_usage.average_mb - memory) < 0.001);
      assert.ok(Math.abs(memory_usage.peak_mb - memory) < 0.001);
      assert.deepEqual(errors, []);
      for (const [name, value] of Object.entries(rest)) assert.equal(value, 0, name);
    }
  });

  it('tell its wait from its work: latency begins with acceptance', async () => {
    await test.deploy('slow-agent', { name: 'slow' });
    for (let i = 0; i < 50; i++) await test.send('slow', i);
    const metrics = await metricsAfter('slow', 50);
    assert.ok(metrics.average_handling_ms > 0);
    assert.ok(metrics.average_latency_ms > metrics.average_handling_ms);
    assert.ok(metrics.latency_p99_ms >= metrics.latency_p50_ms);
    assert.ok(metrics.latency_p50_ms > 0);
    assert.ok(metrics.cpu_usage.average > 0);
    assert.ok(metrics.cpu_usage.peak >= metrics.cpu_usage.average);
    assert.ok(metrics.cpu_usage.peak <= 1);
    for (const period of PERIODS) assert.equal(metricsOf('slow', period).messages_processed, 50);
  });

  it('stay the same when a second has passed and it did nothing more', async () => {
    await test.deploy('echo', { name: 'once' });
    await test.askContent('once', 1);
    const before = await metricsAfter('once', 1);
    const after = await eventually('its work was sampled', () => {
      const metrics = metricsOf('once');
      return test.runtime.agents.get('once').cpuPeak > 0 && metrics;
    });
    assert.equal(after.messages_processed, 1);
    assert.equal(after.latency_p50_ms, before.latency_p50_ms);
    assert.equal(after.average_latency_ms, before.average_latency_ms);
  });

  it('count its errors by kind', async () => {
    await test.deploy('returns-nonzero', { name: 'failing' });
    for (let i = 0; i < 3; i++) await test.askFailure('failing');
    const { errors, messages_failed } = await metricsAfter('failing', 3);
    assert.equal(messages_failed, 3);
    assert.equal(errors.length, 1);
    assert.equal(errors[0]!.count, 3);
    assert.ok(errors[0]!.firstMs <= errors[0]!.lastMs);
    assert.ok(Date.now() - errors[0]!.firstMs < 60_000);
  });

  it('add up the memory of all its instances', async () => {
    const single = await test.deploy('echo', { name: 'single' });
    await test.deploy('echo', { name: 'triple', resources: { instances: 3 } });
    const memory = (3 * single.memoryBytes) / 1e6;
    assert.ok(Math.abs(metricsOf('triple').memory_usage.peak_mb - memory) < 0.001);
    for (let i = 0; i < 12; i++) {
      await test.askContent('triple', i, { conversation_id: `memory-${i}` });
    }
    const { memory_usage } = await metricsAfter('triple', 12);
    assert.ok(memory_usage.peak_mb >= memory - 0.001);
    assert.equal(test.runtime.agents.get('triple').messagesProcessed, 12);
  });

  it('count no memory of an agent that was stopped', async () => {
    await test.deploy('echo', { name: 'stopped' });
    test.runtime.agents.stop('stopped', 5, true);
    await test.until('stopped', 'stopped');
    assert.equal(metricsOf('stopped').memory_usage.average_mb, 0);
  });

  it('are in the latencies of the system as well', async () => {
    await test.askContent('idle', 1);
    const { performance } = await eventually('the workers reported', async () => {
      const system = await test.runtime.metrics.system();
      return system.performance.message_latency_p99 > 0 && system;
    });
    assert.ok(performance.message_latency_p50 > 0);
    assert.ok(performance.message_latency_p99 >= performance.message_latency_p50);
    assert.ok(performance.agent_spawn_time_ms > 0);
  });
});
