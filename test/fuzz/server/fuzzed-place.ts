import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { sampleAgent } from '../../support/guests.js';
import { deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

/** After so long a connection whose client has said all and ended its side counts as kept. */
const CLOSING_MS = 20_000;
/** Cases between two looks at what another client gets. */
const CASES_BETWEEN_LOOKS = 25;

/** Once all is answered, a client leaves after so long a silence. */
const QUIET_MS = 4;
/** One that gets no answer leaves after so long. */
const UNANSWERED_MS = 100;

export interface Exchange {
  /** Sent before the bytes; nothing else may be sent before it was answered. */
  readonly greeting?: string;
  /** Whether what came answers everything; then the client leaves without waiting for the end. */
  readonly isAnswered?: (bytes: Buffer) => boolean;
  /** What must have come before the client ends its side, which ends what the server still sends. */
  readonly awaited?: Buffer | undefined;
}

/** A server with an agent, fed with raw bytes on connections of their own. */
export class FuzzedPlace {
  readonly server: TestServer;
  /** What the server logged as its own failure. */
  readonly #failures: string[];
  readonly #bystander = new Agent({ keepAlive: true, maxSockets: 1 });
  #cases = 0;

  private constructor(server: TestServer, failures: string[]) {
    this.server = server;
    this.#failures = failures;
  }

  static async start(): Promise<FuzzedPlace> {
    const failures: string[] = [];
    const logger = pino({ level: 'error' }, { write: (line: string) => void failures.push(line) });
    const server = await startTestServer({ protocols: { mode: 'warn' } }, logger);
    const form = deployForm(sampleAgent('echo'), { name: 'echo', capabilities: ['search'] });
    await request(`${server.url}/api/v1/agents`, 'POST', form);
    return new FuzzedPlace(server, failures);
  }

  /**
   * Sends all bytes in a few pieces, ends its side, and reads until the server has ended its own.
   * @param port of the server
   */
  async exchange(port: number, bytes: Uint8Array, how: Exchange = {}): Promise<Buffer> {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    let lastMs = performance.now();
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      lastMs = performance.now();
    });
    // A server that refuses a client may reset the connection while the client still writes.
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await once(socket, 'connect');
    if (how.greeting !== undefined) {
      socket.write(how.greeting);
      await Promise.race([once(socket, 'data'), closed]);
    }
    for (const piece of pieces(bytes)) {
      socket.write(piece);
      await turn();
    }
    if (how.isAnswered === undefined) {
      const { awaited } = how;
      const patientMs = performance.now() + CLOSING_MS;
      while (awaited !== undefined && !socket.closed && performance.now() < patientMs) {
        if (Buffer.concat(chunks).includes(awaited)) break;
        await Promise.race([sleep(1), closed]);
      }
      socket.end();
      const late = setTimeout(() => socket.destroy(new Error('kept')), CLOSING_MS);
      await closed;
      clearTimeout(late);
      assert.notEqual(socket.errored?.message, 'kept', 'the connection was kept open');
      return Buffer.concat(chunks);
    }
    while (!socket.closed) {
      const quietMs = performance.now() - lastMs;
      const patienceMs = how.isAnswered(Buffer.concat(chunks)) ? QUIET_MS : UNANSWERED_MS;
      if (quietMs > patienceMs) break;
      await Promise.race([sleep(2), closed]);
    }
    socket.destroy();
    await closed;
    return Buffer.concat(chunks);
  }

  /** Now and then, and when asked: another client is served, and the server did not fail. */
  async look(anyway = false): Promise<void> {
    assert.deepEqual(this.#failures, [], 'the server logged a failure');
    if (!anyway && this.#cases++ % CASES_BETWEEN_LOOKS !== 0) return;
    assert.equal(await this.#ready(), 200, 'another client is not served');
  }

  #ready(): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      get(`${this.server.url}/readyz`, { agent: this.#bystander }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      }).on('error', reject);
    });
  }

  async close(): Promise<void> {
    this.#bystander.destroy();
    await this.server.close();
  }
}

/** One piece, two or three: which of them the bytes themselves decide, so that a case stays one. */
function pieces(bytes: Uint8Array): Uint8Array[] {
  const sum = bytes.reduce((total, byte) => (total * 31 + byte) >>> 0, 7);
  const first = Math.floor((bytes.length * (sum % 97)) / 97);
  const second = first + Math.floor(((bytes.length - first) * (sum % 89)) / 89);
  if (sum % 3 === 0) return [bytes];
  if (sum % 3 === 1) return [bytes.subarray(0, first), bytes.subarray(first)];
  return [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
}
