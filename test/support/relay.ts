import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A wire to a server that can be cut, for tests of clients that have to live with that. */
export interface Relay {
  /** Such as http://127.0.0.1:40123, without a path. */
  readonly url: string;
  /** Connections through it at present. */
  readonly open: number;
  /** Ends every present connection. */
  cut(): void;
  /**
   * From now on what the server says is lost.
   * @param heard is called when it has said something
   */
  deafen(heard: () => void): void;
  /** New connections go to another server. */
  turnTo(url: string): void;
  /** Answers come through again on new connections. */
  mend(): void;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback and passes everything on to the server at `url`. */
export async function startRelay(url: string): Promise<Relay> {
  let target = new URL(url);
  const pairs = new Set<readonly [Socket, Socket]>();
  let heard: (() => void) | undefined;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
      pairs.delete(pair);
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (heard === undefined) client.write(bytes);
      else heard();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const [client, upstream] of pairs) {
      client.destroy();
      upstream.destroy();
    }
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return pairs.size;
    },
    cut,
    deafen: (listener) => {
      heard = listener;
    },
    turnTo: (other) => {
      target = new URL(other);
    },
    mend: () => {
      heard = undefined;
    },
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
