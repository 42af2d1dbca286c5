import { readdirSync, readlinkSync } from 'node:fs';
import { eventually } from '../../support/eventually.js';
import { request } from '../../support/rest-client.js';
import type { TestServer } from '../../support/server.js';

/** Room for what the engine keeps for later; an attack that is let through takes far more. */
const SPARE_BYTES = 192 * 1024 * 1024;
/** Connections of clients that go on meanwhile. */
const SPARE_SOCKETS = 20;

interface Reading {
  readonly sockets: number;
  readonly subscriptions: number;
  readonly waitingCallers: number;
  readonly rssBytes: number;
}

/** Sockets of the process; both ends, as the clients live in it too. 0 where nobody says. */
function openSockets(): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

async function read(server: TestServer): Promise<Reading> {
  const { text } = await request(`${server.url}/metrics`, 'GET');
  const waiting = /^caxton_waiting_callers (\d+)/m.exec(text)?.[1];
  return {
    sockets: openSockets(),
    subscriptions: server.server.runtime.events.subscriptions,
    waitingCallers: Number(waiting),
    rssBytes: process.memoryUsage.rss(),
  };
}

/** What a server holds for its clients, before an attack and when it is over. */
export class BaseLine {
  readonly #server: TestServer;
  readonly #before: Reading;

  private constructor(server: TestServer, before: Reading) {
    this.#server = server;
    this.#before = before;
  }

  static async of(server: TestServer): Promise<BaseLine> {
    return new BaseLine(server, await read(server));
  }

  /** Waits until nothing is left of the attack. */
  async comesBack(): Promise<void> {
    let last: Reading | undefined;
    try {
      await eventually('what clients took is given back', async () => {
        last = await read(this.#server);
        const { sockets, subscriptions, waitingCallers, rssBytes } = last;
        return (
          sockets <= this.#before.sockets + SPARE_SOCKETS &&
          subscriptions <= this.#before.subscriptions &&
          waitingCallers <= this.#before.waitingCallers + SPARE_SOCKETS &&
          rssBytes <= this.#before.rssBytes + SPARE_BYTES
        );
      });
    } catch (error) {
      throw new Error(`before: ${JSON.stringify(this.#before)}, now: ${JSON.stringify(last)}`, {
        cause: error,
      });
    }
  }
}
