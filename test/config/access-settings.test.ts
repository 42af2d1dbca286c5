import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import { type FlagSettings, loadConfig } from '../../src/config/load-config.js';
import { readTlsFiles } from '../../src/config/tls-files.js';
import { createToken } from '../../src/config/tokens.js';
import { CertificateAuthority } from '../support/certificates.js';

const folder = mkdtempSync(join(tmpdir(), 'caxton-access-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function refusal(attempt: () => unknown): CaxtonError {
  try {
    attempt();
  } catch (error) {
    assert.ok(error instanceof CaxtonError, String(error));
    assert.equal(error.code, 'INVALID_REQUEST');
    return error;
  }
  assert.fail('it was accepted');
}

test("rates come from every source, and a token's own from the file", () => {
  const yaml = [
    'rate_limits: {system: {burst: 7}}',
    'tokens:',
    '  - name: a',
    `    sha256: ${createToken().sha256}`,
    '    role: viewer',
    '    rate_limits: {enabled: false, messages: {rate_per_second: 5}}',
  ];
  const config = loadConfig({
    file: file('rates.yaml', yaml.join('\n')),
    env: { CAXTON_RATE_LIMITS__MESSAGES__RATE_PER_SECOND: '9' },
  });
  assert.deepEqual(config.rate_limits.system, { rate_per_minute: 50, burst: 7 });
  assert.deepEqual(config.rate_limits.messages, { rate_per_second: 9, burst: 2_000 });
  assert.deepEqual(config.tokens[0]?.rate_limits, {
    enabled: false,
    messages: { rate_per_second: 5 },
  });
});

test("a wrong rate is refused by its full name, also a token's", () => {
  const { sha256 } = createToken();
  const token = (rate_limits: object) => ({
    name: 'a',
    sha256,
    role: 'viewer' as const,
    rate_limits,
  });
  for (const [flags, field] of [
    [{ rate_limits: { messages: { rate_per_second: 0 } } }, 'rate_limits.messages.rate_per_second'],
    [{ rate_limits: { system: { burst: 1_000_001 } } }, 'rate_limits.system.burst'],
    [{ tokens: [token({ metrics: { burst: 0 } })] }, 'tokens[0].rate_limits.metrics.burst'],
    [{ tokens: [token({ mesages: {} })] }, 'tokens[0].rate_limits.mesages'],
  ] as ReadonlyArray<readonly [FlagSettings, string]>) {
    assert.equal(refusal(() => loadConfig({ flags })).details.field, field);
  }
});

test('the settings of TLS go together', () => {
  for (const [tls, pattern] of [
    [{ cert_file: 'c' }, /tls\.key_file is missing: TLS needs it beside tls\.cert_file/],
    [{ key_file: 'k' }, /tls\.cert_file is missing: TLS needs it beside tls\.key_file/],
    [{ ca_file: 'a' }, /tls\.ca_file asks clients for certificates, which needs TLS/],
  ] as const) {
    assert.match(refusal(() => loadConfig({ flags: { tls } })).message, pattern);
  }
  assert.equal(loadConfig({ flags: { tls: { cert_file: 'c', key_file: 'k' } } }).tls.key_file, 'k');
});

test('client certificates are refused where http could not ask for them', () => {
  const tls = { cert_file: 'c', key_file: 'k', ca_file: 'a' };
  const { message } = refusal(() => loadConfig({ flags: { tls, http: '0.0.0.0:8080' } }));
  assert.match(
    message,
    /tls\.ca_file .* http must listen on loopback beside it, not on 0\.0\.0\.0/,
  );
  assert.equal(loadConfig({ flags: { tls, grpc: '0.0.0.0:50051' } }).tls.ca_file, 'a');
});

test('files of TLS that can not be used are refused by setting and file', () => {
  const authority = new CertificateAuthority('authority');
  const [one, other] = [authority.issue('one'), authority.issue('other')];
  const good = {
    cert_file: file('one.pem', one.cert),
    key_file: file('one.key', one.key),
    ca_file: file('ca.pem', authority.cert),
  };
  const missing = join(folder, 'missing.pem');
  const nonsense = file('nonsense.pem', 'nonsense');
  const otherKey = file('other.key', other.key);
  for (const [wrong, field, path, reason] of [
    [{ cert_file: missing }, 'tls.cert_file', missing, /can't be read: ENOENT/],
    [{ key_file: missing }, 'tls.key_file', missing, /can't be read: ENOENT/],
    [{ ca_file: folder }, 'tls.ca_file', folder, /can't be read: EISDIR/],
    [{ cert_file: nonsense }, 'tls.cert_file', nonsense, /no certificate in PEM/],
    [{ key_file: nonsense }, 'tls.key_file', nonsense, /no private key in PEM/],
    [{ ca_file: nonsense }, 'tls.ca_file', nonsense, /no certificate in PEM/],
    [{ key_file: otherKey }, 'tls.key_file', otherKey, /not the key of the certificate in .*one/],
  ] as const) {
    const error = refusal(() => readTlsFiles({ tls: { ...good, ...wrong } }));
    assert.deepEqual([error.details.field, error.details.file], [field, path]);
    assert.ok(error.message.includes(path));
    assert.match(error.message, reason);
  }
  const read = readTlsFiles({ tls: good });
  assert.equal(read?.cert.toString(), one.cert);
  assert.ok(read.validUntilMs > Date.now());
  assert.equal(readTlsFiles({ tls: {} }), undefined);
});

test('when a certificate ends is known', () => {
  const ended = new CertificateAuthority('authority').issue('old', -60_000);
  const tls = { cert_file: file('old.pem', ended.cert), key_file: file('old.key', ended.key) };
  assert.ok(readTlsFiles({ tls })!.validUntilMs < Date.now());
});
