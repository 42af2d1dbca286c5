import { type Agent, request } from 'node:http';
import type { SentRequest } from './sent-request.js';

/** What came back; undefined = the patience ended before. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/**
 * Sends a request as it is: no library sets its path right.
 * @param patienceMs after which the client leaves
 */
export function exchange(
  agent: Agent,
  origin: URL,
  { method, url, headers, body }: SentRequest,
  patienceMs: number,
): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({
      agent,
      host: origin.hostname,
      port: origin.port,
      method,
      path: url,
      headers: { ...headers, 'content-length': body?.byteLength ?? 0 },
    });
    const leave = setTimeout(() => {
      resolve(undefined);
      sent.destroy();
    }, patienceMs);
    const end = (): void => clearTimeout(leave);
    sent.on('error', (error) => {
      end();
      reject(error);
    });
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        end();
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? '',
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.end(body);
  });
}
