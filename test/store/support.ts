import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newMessageId } from '../../src/base/ids.js';
import { createLogger } from '../../src/base/log.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { CONTENT_JSON, emptyMessage, type Message } from '../../src/fipa/message.js';
import {
  type EmbeddedStore,
  openStore,
  type StoreOptions,
} from '../../src/store/embedded-store.js';

export const silent = createLogger({ level: 'silent' });

/** A fresh folder that is gone after `use`. */
export async function withFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'caxton-store-'));
  try {
    return await use(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function optionsFor(dir: string, changes: Partial<StoreOptions> = {}): StoreOptions {
  return {
    dir,
    historyEnabled: true,
    historyMaxMessages: 1_000_000,
    historyMaxAgeMs: 1000 * 365 * 24 * 3_600_000,
    deadLettersMax: 1_000,
    ringBytes: 1024 * 1024,
    logger: silent,
    ...changes,
  };
}

export async function withStore<T>(
  use: (store: EmbeddedStore, dir: string) => Promise<T>,
  changes: Partial<StoreOptions> = {},
): Promise<T> {
  return withFolder(async (dir) => {
    const store = await openStore(optionsFor(dir, changes));
    try {
      return await use(store, dir);
    } finally {
      await store.close();
    }
  });
}

export function makeMessage(changes: Partial<Message> = {}): Message {
  return {
    ...emptyMessage('request'),
    messageId: newMessageId(),
    sender: 'client_1',
    receiver: 'agent_1',
    timestampUs: Date.now() * 1_000,
    contentEncoding: CONTENT_JSON,
    content: '{"text":"hello"}',
    ...changes,
  };
}

/** Hands a message over; false when there is no room. */
export function append(store: EmbeddedStore, message: Message): boolean {
  const bytes = encodeMessageToBuffer(message);
  return store.appendMessage(bytes, 0, bytes.length);
}
