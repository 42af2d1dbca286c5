import { UnreachableError } from './failures.js';

/** Codes of OpenSSL and Node.js for certificates that don't pass. */
const UNTRUSTED = /^(UNABLE_TO_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_)/;

/** Says of a failed connection what a user can do. */
export function unreachable(url: URL, cause: unknown): UnreachableError {
  const error: NodeJS.ErrnoException = cause instanceof Error ? cause : new Error(String(cause));
  const { code } = error;
  const text = url.href.replace(/\/+$/, '');
  // What HTTP/1 gets from a port of HTTP/2.
  if (code === 'HPE_INVALID_CONSTANT') {
    return new UnreachableError(
      `What answers at ${text} does not speak HTTP/1.1. If it is the server's gRPC port, name that of REST, such as http://127.0.0.1:8080, with --server URL or CAXTON_URL.`,
    );
  }
  const reason = code === 'ECONNREFUSED' ? 'connection refused' : error.message || code;
  if (code !== undefined && UNTRUSTED.test(code)) {
    return new UnreachableError(
      `The server at ${text} shows a certificate that is not trusted: ${reason}. Name the authority that signed it with --ca FILE or CAXTON_CA.`,
    );
  }
  return new UnreachableError(
    `No server answers at ${text}: ${reason}. Start one with "caxton serve", or name another with --server URL or CAXTON_URL.`,
  );
}
