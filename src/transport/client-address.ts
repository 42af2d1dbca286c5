import { isIPv4, SocketAddress } from 'node:net';
import type { UwsResponse } from './uws-loader.js';

const IPV4_IN_IPV6 = '::ffff:';

/**
 * One text for each address, however a library writes it: IPv6 in its short form (RFC 5952), IPv4
 * as such where it came in an IPv6 socket. A text that is no address stays as it is.
 */
export function canonicalAddress(text: string): string {
  if (!text.includes(':')) return text;
  try {
    const { address } = new SocketAddress({ address: text, family: 'ipv6' });
    const inner = address.slice(IPV4_IN_IPV6.length);
    return address.startsWith(IPV4_IN_IPV6) && isIPv4(inner) ? inner : address;
  } catch {
    return text;
  }
}

/** Where a request comes from. To be asked in its first handler: later it may be gone. */
export function remoteAddress(response: UwsResponse): string {
  return canonicalAddress(Buffer.from(response.getRemoteAddressAsText()).toString());
}

/** The address of "ADDRESS:PORT", as grpc-js writes it: without brackets around IPv6. */
export function addressOfPeer(peer: string): string {
  const end = peer.lastIndexOf(':');
  return canonicalAddress(end < 0 ? peer : peer.slice(0, end).replace(/^\[|\]$/g, ''));
}
