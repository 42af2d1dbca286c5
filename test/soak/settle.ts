import { setTimeout as sleep } from 'node:timers/promises';
import { call } from '../support/rest-client.js';
import type { SoakedServer } from './soaked-server.js';

const PATIENCE_MS = 90_000;
const PAUSE_MS = 200;
/** More than a client keeps a connection, and than an idle thread lasts. */
const STILL_MS = 8_000;

interface Listing {
  readonly agents: ReadonlyArray<{ readonly agent_id: string; readonly status: string }>;
}

/**
 * Waits until a server that nobody asks any more has done all its work: mailboxes are empty, and no
 * deployment runs.
 * @returns what it waited for in vain
 */
export async function settle(server: SoakedServer): Promise<string | undefined> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const waitsFor = await unsettled(server);
    if (waitsFor === undefined || Date.now() > deadlineMs) return waitsFor;
    await sleep(PAUSE_MS);
  }
}

async function unsettled(server: SoakedServer): Promise<string | undefined> {
  const ask = <T>(path: string) => call<T>(`${server.url}/api/v1${path}`, 'GET');
  for (const status of ['initializing', 'in_progress', 'rolling_back']) {
    const { total } = await ask<{ total: number }>(`/deployments?status=${status}&limit=1`);
    if (total > 0) return `${total} deployments ${status}`;
  }
  const { agents } = await ask<Listing>('/agents?status=draining');
  if (agents.length > 0) return 'agents that drain';
  const { messages } = await ask<{ messages: { queue_size: number } }>('/metrics/system');
  return messages.queue_size > 0 ? `${messages.queue_size} messages in mailboxes` : undefined;
}

/**
 * Waits until connections that clients keep for a while are gone, and threads that end when they are
 * idle: until there are no more than at an earlier rest, or without one until nothing changes any
 * more. What stays is for the reader of the figures to find.
 */
export async function calm(
  server: SoakedServer,
  earlier?: { readonly threads: number; readonly descriptors: number },
): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  let last = server.outside();
  let sameSinceMs = Date.now();
  while (Date.now() < deadlineMs) {
    await sleep(PAUSE_MS);
    const now = server.outside();
    if (earlier === undefined) {
      if (now.threads !== last.threads || now.descriptors !== last.descriptors) {
        sameSinceMs = Date.now();
      } else if (Date.now() - sameSinceMs > STILL_MS) return;
    } else if (now.threads <= earlier.threads && now.descriptors <= earlier.descriptors) return;
    last = now;
  }
}
