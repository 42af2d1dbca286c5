import { isIPv4, isIPv6 } from 'node:net';
import { CaxtonError, invalidRequest } from '../base/errors.js';
import type { Config, Endpoint } from './schema.js';

const ENDPOINT = /^(?:\[([^\]]+)\]|([^:\s/[\]]+)):(\d{1,5})$/;

/**
 * Reads "127.0.0.1:8080", "localhost:8080" or "[::1]:8080". Port 0 asks for any free port.
 * @param field named in the INVALID_REQUEST that anything else raises
 */
export function parseEndpoint(text: string, field: string): { host: string; port: number } {
  const match = ENDPOINT.exec(text.trim());
  const port = Number(match?.[3]);
  const bracketed = match?.[1];
  if (!match || port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw invalidRequest(
      `${field} is not HOST:PORT: ${JSON.stringify(text)}. Write a host and a port up to 65535, such as 127.0.0.1:8080 or [::1]:8080.`,
      field,
    );
  }
  return { host: bracketed ?? match[2]!, port };
}

/** The text that `parseEndpoint` reads. */
export function formatEndpoint(endpoint: Endpoint): string {
  const host = isIPv6(endpoint.host) ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}`;
}

/** Whether only this machine can reach the host. A name other than localhost may lead anywhere. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (isIPv4(name)) return name.startsWith('127.');
  return name === 'localhost' || name === '::1' || name === '0:0:0:0:0:0:0:1';
}

/**
 * Refuses to serve without tokens on an address that other machines can reach, where anyone could
 * deploy code.
 * @throws INVALID_REQUEST that names each such endpoint
 */
export function assertBindable(config: Pick<Config, 'http' | 'grpc' | 'tokens'>): void {
  if (config.tokens.length > 0) return;
  const open = (['http', 'grpc'] as const).filter((name) => !isLoopback(config[name].host));
  if (open.length === 0) return;
  const listed = open.map((name) => `${name} on ${formatEndpoint(config[name])}`).join(' and ');
  throw new CaxtonError(
    'INVALID_REQUEST',
    `Without tokens the server binds to loopback only; refused: ${listed}. Add a token to the config (\`caxton token create\` makes one) or bind to 127.0.0.1.`,
    { field: `${open[0]}.host`, fields: open.map((name) => `${name}.host`) },
  );
}
