import { isIP } from 'node:net';
import { CaxtonError } from '../base/errors.js';
import { isLoopback } from '../config/endpoint.js';
import type { UwsRequest } from './uws-loader.js';

/**
 * Without tokens whoever reaches the server is trusted, and the server listens on loopback for that
 * reason. A page of some web site in this machine's browser reaches it too. Its origin gives it away
 * where it asks across sites; where its own name was made to lead to this machine (DNS rebinding),
 * it asks within its site and sends no origin, but the name stands in `Host`.
 * @param allowed names beside those of this machine, in lower case
 * @param bringsBody whether the method is one with which browsers send the origin always (Fetch
 *   Standard, section 3.2): the message path is then spared the look at `Host`
 * @throws CaxtonError FORBIDDEN
 */
export function checkBrowser(
  request: UwsRequest,
  allowed: readonly string[],
  bringsBody: boolean,
): void {
  const origin = request.getHeader('origin');
  if (origin !== '' && !isAllowed(nameOfOrigin(origin), allowed)) throw foreignOrigin(origin);
  if (bringsBody) return;
  const host = request.getHeader('host');
  const name = nameOfHost(host);
  // Nobody can make an address lead elsewhere; it is names that lie.
  if (name !== '' && isIP(name) === 0 && !isAllowed(name, allowed)) throw foreignHost(host);
}

function isAllowed(name: string, allowed: readonly string[]): boolean {
  const lower = name.toLowerCase();
  // Browsers take what ends so for this machine, and ask nobody (RFC 6761, section 6.3).
  return isLoopback(lower) || lower.endsWith('.localhost') || allowed.includes(lower);
}

/** Without the port, and an IPv6 address without its brackets. */
function nameOfHost(host: string): string {
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
  const colon = host.indexOf(':');
  return colon < 0 ? host : host.slice(0, colon);
}

/** '' for `null` and for what is no URL. */
function nameOfOrigin(origin: string): string {
  return URL.canParse(origin) ? nameOfHost(new URL(origin).host) : '';
}

function foreignOrigin(origin: string): CaxtonError {
  return new CaxtonError(
    'FORBIDDEN',
    `Pages of ${origin} can't use a server that has no tokens. Configure a token, serve the page from this machine, or add its host to allowed_hosts.`,
    { origin },
  );
}

function foreignHost(host: string): CaxtonError {
  return new CaxtonError(
    'FORBIDDEN',
    `A server that has no tokens is not asked for as ${host}: use localhost or its address, configure a token, or add the name to allowed_hosts.`,
    { field: 'host', host },
  );
}
