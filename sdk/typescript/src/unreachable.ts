import { CaxtonError } from './error.js';

/** Errors of Node.js with which no byte of the request has left. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
/** Errors of OpenSSL and Node.js about a certificate, beside those that begin with `CERT_`. */
const NOT_TRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);
const HOW_TO_TRUST =
  'Name the file of its certificate authority in NODE_EXTRA_CA_CERTS when Node.js is started, or ' +
  'give the client a fetch and a webSocket of your own.';

/** Whether the server's certificate is why it can't be reached: later attempts fail as well. */
export function isUntrusted({ code, details }: CaxtonError): boolean {
  return code === 'UNREACHABLE' && details.reason === 'certificate';
}

/** Whether nothing of a request has left. */
export function neverArrived(cause: unknown): boolean {
  return codesOf(cause).some((code) => NOT_SENT.has(code));
}

/** The error of a request or a connection that got no answer from `url`. */
export function unreachable(url: URL, cause: unknown): CaxtonError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = inner instanceof Error ? inner.message || String(inner) : String(inner);
  const isCertificate = codesOf(cause).some((it) => NOT_TRUSTED.has(it) || it.startsWith('CERT_'));
  return new CaxtonError({
    code: 'UNREACHABLE',
    message: isCertificate
      ? `The certificate of ${url.origin} is not trusted: ${reason}. ${HOW_TO_TRUST}`
      : `No server answers at ${url.origin}: ${reason}${hintOf(url, cause, reason)}`,
    ...(isCertificate && { details: { reason: 'certificate' } }),
    cause,
  });
}

/** A server of plain HTTP says nothing to a TLS handshake, or what no TLS is. */
function hintOf({ protocol }: URL, cause: unknown, reason: string): string {
  if (protocol !== 'https:') return '';
  const isNoTls =
    codesOf(cause).includes('EPROTO') || /wrong version number|secure TLS/.test(reason);
  return isNoTls ? '. Does it speak https, or is the endpoint http://…?' : '';
}

function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as Error & { code?: unknown };
    if (typeof code === 'string') codes.push(code);
  }
  return codes;
}
