import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnonymousCallers } from '../../src/api/anonymous-callers.js';
import { RateAccount, ratePolicies } from '../../src/api/rate-account.js';
import { CaxtonError } from '../../src/base/errors.js';
import { LIMITS } from '../../src/base/limits.js';
import { loadConfig } from '../../src/config/load-config.js';

const defaults = loadConfig().rate_limits;

test('the default rates are those of the API reference', () => {
  assert.deepEqual(ratePolicies(defaults), {
    deployment: { limit: 10, window_ms: 60_000, burst: 20 },
    messages: { limit: 1_000, window_ms: 1_000, burst: 2_000 },
    metrics: { limit: 100, window_ms: 60_000, burst: 200 },
    system: { limit: 50, window_ms: 60_000, burst: 100 },
  });
});

test("a token's own rates go before the general ones, one by one", () => {
  const policies = ratePolicies(defaults, { messages: { burst: 7 }, metrics: {} });
  assert.deepEqual(policies?.messages, { limit: 1_000, window_ms: 1_000, burst: 7 });
  assert.deepEqual(policies?.metrics, ratePolicies(defaults)?.metrics);
  assert.equal(ratePolicies(defaults, { enabled: false }), undefined);
  assert.equal(ratePolicies({ ...defaults, enabled: false }), undefined);
  assert.ok(ratePolicies({ ...defaults, enabled: false }, { enabled: true }));
});

test('a refusal says which rate, and when to come again', () => {
  let nowMs = 1_642_248_000_000;
  const account = new RateAccount(ratePolicies(defaults)!, () => nowMs);
  for (let i = 0; i < 20; i++) account.take('deployment');
  nowMs += 500;
  assert.throws(
    () => account.take('deployment'),
    (error) => {
      assert.ok(error instanceof CaxtonError);
      assert.equal(error.code, 'RATE_LIMITED');
      assert.match(error.message, /agent deployment is 10 a minute.* in 6 s/);
      assert.deepEqual(error.details, {
        rate_class: 'deployment',
        limit: 10,
        window_seconds: 60,
        burst: 20,
        remaining: 0,
        reset: 1_642_248_120,
        retry_after_ms: 5_500,
        retry_after_seconds: 6,
      });
      return true;
    },
  );
  account.take('system');
});

test('callers without tokens are counted by their address', () => {
  const callers = new AnonymousCallers(ratePolicies(defaults));
  assert.ok(callers.differ);
  const first = callers.of('127.0.0.1');
  first.rates?.take('deployment');
  assert.equal(callers.of('127.0.0.1').rates?.deployment.remaining, 19);
  assert.equal(callers.of('127.0.0.2').rates?.deployment.remaining, 20);
  assert.equal(callers.of('127.0.0.1'), first);
});

test('addresses are bounded in number, and the longest idle is forgotten', () => {
  const callers = new AnonymousCallers(ratePolicies(defaults));
  const early = callers.of('early');
  const idle = callers.of('idle');
  for (let i = 0; i < LIMITS.rate_limited_addresses - 2; i++) callers.of(`a${i}`);
  assert.equal(callers.of('early'), early);
  callers.of('one more');
  assert.equal(callers.size, LIMITS.rate_limited_addresses);
  assert.equal(callers.of('early'), early);
  assert.notEqual(callers.of('idle'), idle);
});

test('without rate limits nobody is told apart', () => {
  const callers = new AnonymousCallers(undefined);
  assert.equal(callers.differ, false);
  assert.equal(callers.of('a'), callers.of('b'));
  assert.equal(callers.of('a').rates, undefined);
  assert.equal(callers.size, 0);
});
