import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { pino } from 'pino';
import { Audit, AuditedCall } from '../../src/api/audit.js';
import { AuditRepeats } from '../../src/api/audit-repeats.js';
import { LIMITS } from '../../src/base/limits.js';

interface Line {
  readonly outcome: string;
  readonly count?: number;
  readonly [field: string]: unknown;
}

function memory() {
  const lines: Line[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  return { lines, audit: new Audit(pino({ base: undefined }, stream)) };
}

const deploy = { name: 'agents.deploy', role: 'operator' } as const;

test('operations from the role operator on are audited', () => {
  const { audit } = memory();
  assert.ok(audit.covers({ role: 'operator' }));
  assert.ok(audit.covers({ role: 'admin' }));
  assert.equal(audit.covers({ role: 'sender' }), false);
  assert.equal(audit.covers({ role: 'viewer' }), false);
  assert.equal(new Audit(undefined).covers({ role: 'admin' }), false);
});

test('of an input the ids and the name of the agent are told, bounded, and nothing else', () => {
  const { audit, lines } = memory();
  const call = new AuditedCall(audit, deploy, '127.0.0.1');
  call.principal = { name: 'ann', role: 'admin', agents: undefined };
  call.input = {
    agent_id: 'a'.repeat(1_000),
    deployment_id: 7,
    wasm_module: new Uint8Array(3),
    secret: 'content',
    config: { name: 'echo', environment: { PASSWORD: 'secret' } },
  };
  call.ended('OK', 'trace');
  call.ended('INTERNAL_ERROR', 'trace');
  assert.equal(lines.length, 1);
  const { time, level, ...line } = lines[0]!;
  assert.ok(time !== undefined && level === 30);
  assert.deepEqual(line, {
    agent_id: 'a'.repeat(LIMITS.field_bytes),
    agent_name: 'echo',
    who: 'ann',
    role: 'admin',
    operation: 'agents.deploy',
    outcome: 'OK',
    client: '127.0.0.1',
    trace_id: 'trace',
    msg: 'audit',
  });
});

test('refusals that repeat are counted, and others are told one by one', () => {
  const { audit, lines } = memory();
  const end = (outcome: string, client = 'x') =>
    new AuditedCall(audit, deploy, client).ended(outcome, 't');
  for (let i = 0; i < 100; i++) end('UNAUTHORIZED');
  end('UNAUTHORIZED', 'y');
  for (let i = 0; i < 3; i++) end('FORBIDDEN');
  assert.deepEqual(
    lines.map(({ outcome, client, count }) => [outcome, client, count]),
    [
      ['UNAUTHORIZED', 'x', undefined],
      ['UNAUTHORIZED', 'y', undefined],
      ['FORBIDDEN', 'x', undefined],
      ['FORBIDDEN', 'x', undefined],
      ['FORBIDDEN', 'x', undefined],
    ],
  );
  audit.close();
  assert.deepEqual([lines.length, lines.at(-1)?.count], [6, 99]);
});

test('callers with repeats are bounded; past that they are counted together', () => {
  const told: Array<[number, number]> = [];
  const repeats = new AuditRepeats<number>((line, count) => told.push([line, count]));
  for (let i = 0; i < LIMITS.audit_repeats; i++) assert.equal(repeats.holds(`k${i}`, i), false);
  assert.equal(repeats.holds('late', -1), false);
  assert.equal(repeats.holds('later', -2), true);
  assert.equal(repeats.holds('latest', -3), true);
  assert.equal(repeats.holds('k0', 0), true);
  repeats.close();
  assert.deepEqual(told, [
    [0, 1],
    [-3, 2],
  ]);
});
