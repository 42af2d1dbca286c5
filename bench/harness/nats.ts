import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { benchScript, type Started, start } from './child.js';

// Debian puts it where only root's PATH looks.
const PLACES = ['nats-server', '/usr/sbin/nats-server'];

/** The program, where it is installed. */
export function findNatsServer(): string | undefined {
  return PLACES.find(
    (place) => existsSync(place) || spawnSync(place, ['--version']).error === undefined,
  );
}

export interface NatsEcho {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts nats-server and a responder, each in a process of its own. */
export async function startNatsEcho(program: string): Promise<NatsEcho> {
  // -1 = any free port.
  const ready = /Listening for client connections on 127\.0\.0\.1:(\d+)/;
  const server = await start(program, ['-a', '127.0.0.1', '-p', '-1'], ready);
  const port = Number(server.ready[1]);
  let responder: Started | undefined;
  const stop = async (): Promise<void> => {
    await responder?.stop();
    await server.stop();
  };
  try {
    const args = [benchScript('baselines/nats-responder.js'), String(port)];
    responder = await start(process.execPath, args, /^port \d+$/);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}
