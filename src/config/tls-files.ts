import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { CaxtonError } from '../base/errors.js';
import type { Config } from './schema.js';

/** What the listeners need for TLS; one library wants the files, the other what is in them. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Authorities of client certificates, which gRPC then requires; undefined = none. */
  readonly ca: Buffer | undefined;
  /** When the server's certificate ends, in milliseconds since the epoch. */
  readonly validUntilMs: number;
}

/**
 * Reads and checks the files of `tls`, so that what is wrong with one is known before anything
 * listens.
 * @returns undefined when TLS is not configured
 * @throws CaxtonError INVALID_REQUEST that names the setting and the file
 */
export function readTlsFiles({ tls }: Pick<Config, 'tls'>): TlsFiles | undefined {
  const { cert_file: certFile, key_file: keyFile, ca_file: caFile } = tls;
  if (certFile === undefined || keyFile === undefined) return undefined;
  const cert = read('tls.cert_file', certFile);
  const key = read('tls.key_file', keyFile);
  const ca = caFile === undefined ? undefined : read('tls.ca_file', caFile);
  const leaf = check('tls.cert_file', certFile, 'no certificate in PEM', () => {
    createSecureContext({ cert });
    return new X509Certificate(cert);
  });
  check('tls.key_file', keyFile, 'no private key in PEM without a passphrase', () =>
    createSecureContext({ key }),
  );
  check('tls.key_file', keyFile, `not the key of the certificate in ${certFile}`, () =>
    createSecureContext({ cert, key }),
  );
  if (ca !== undefined && caFile !== undefined) {
    check('tls.ca_file', caFile, 'no certificate in PEM', () => new X509Certificate(ca));
  }
  return { certFile, keyFile, cert, key, ca, validUntilMs: Date.parse(leaf.validTo) };
}

function read(field: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unusable(field, file, `it can't be read: ${reasonOf(error)}`, error);
  }
}

function check<T>(field: string, file: string, fault: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    throw unusable(field, file, `it is ${fault} (${reasonOf(error)})`, error);
  }
}

function unusable(field: string, file: string, reason: string, cause: unknown): CaxtonError {
  const message = `${field}: ${file} can't be used: ${reason}.`;
  return new CaxtonError('INVALID_REQUEST', message, { field, file }, cause);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
