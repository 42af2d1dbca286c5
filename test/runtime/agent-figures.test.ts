import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentFigures } from '../../src/runtime/agent-figures.js';

const HOUR_MS = 3_600_000;

test('what a message took is added up, and the last and the most are kept', () => {
  const figures = new AgentFigures();
  figures.handled(true, 100, 1_000, 65_536);
  figures.handled(false, 50, 400, 131_072);
  figures.handled(true, 10, 20, 65_536);
  assert.equal(figures.processed, 2);
  assert.equal(figures.failed, 1);
  assert.equal(figures.handlingTotalUs, 160);
  assert.equal(figures.fuelTotal, 1_420);
  assert.equal(figures.lastFuel, 20);
  assert.equal(figures.memoryBytes, 65_536);
  assert.equal(figures.memoryPeakBytes, 131_072);
});

test('a sample tells what was done since the one before', () => {
  const figures = new AgentFigures();
  const now = Date.now();
  figures.handled(true, 250_000, 1, 1);
  figures.sample(now, 1_000_000);
  assert.equal(figures.cpuUsage, 0.25);
  figures.handled(true, 100_000, 1, 1);
  figures.handled(false, 0, 1, 1);
  figures.sample(now + 1_000, 1_000_000);
  assert.equal(figures.cpuUsage, 0.1);
  assert.equal(figures.cpuPeak, 0.25);
  const totals = figures.window.totals(now + 1_000, HOUR_MS);
  assert.equal(totals.processed, 2);
  assert.equal(totals.failed, 1);
  assert.equal(totals.handlingUs, 350_000);
});

test('a share never exceeds a whole core, and an idle second has none', () => {
  const figures = new AgentFigures();
  figures.handled(true, 5_000_000, 1, 1);
  figures.sample(Date.now(), 1_000_000);
  assert.equal(figures.cpuUsage, 1);
  figures.sample(Date.now(), 1_000_000);
  assert.equal(figures.cpuUsage, 0);
  figures.sample(Date.now(), 0);
  assert.equal(figures.cpuUsage, 0);
});

test('errors are counted by their text, and only the last twenty kinds are kept', () => {
  const figures = new AgentFigures();
  figures.error('RESOURCE_LIMIT_EXCEEDED', 'fuel limit exceeded');
  figures.error('RESOURCE_LIMIT_EXCEEDED', 'fuel limit exceeded');
  const [error] = figures.errors();
  assert.equal(error?.count, 2);
  assert.equal(error?.code, 'RESOURCE_LIMIT_EXCEEDED');
  for (let i = 0; i < 100; i++) figures.error('MESSAGE_DELIVERY_FAILED', `text ${i}`);
  const texts = figures.errors().map((one) => one.error);
  assert.equal(texts.length, 20);
  assert.equal(texts.at(-1), 'text 99');
});
