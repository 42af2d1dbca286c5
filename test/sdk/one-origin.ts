import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../scripts/package-root.js';

const PAGE = `<!doctype html>
<script type="importmap">
  {
    "imports": {
      "@caxton/sdk": "/sdk/index.js",
      "@msgpack/msgpack": "/msgpack/index.mjs"
    }
  }
</script>`;

const FOLDERS: Readonly<Record<string, string>> = {
  '/sdk/': join(packageRoot(import.meta.url), 'sdk/typescript/dist'),
  '/msgpack/': fileURLToPath(new URL('../dist.esm', import.meta.resolve('@msgpack/msgpack'))),
  '/agents/': join(packageRoot(import.meta.url), 'dist/agents'),
};

/** A page with the SDK and a Caxton server behind one address, as a proxy puts them. */
export async function startOneOrigin(api: string): Promise<{ url: string; close(): void }> {
  const target = new URL(api);
  const server = createServer((incoming, response) => {
    if (incoming.url?.startsWith('/api/')) pass(target, incoming, response);
    else serve(incoming.url ?? '/', response);
  });
  server.on('upgrade', (incoming: IncomingMessage, socket) => {
    const upstream = connect(Number(target.port), target.hostname);
    const { rawHeaders } = incoming;
    let head = `GET ${incoming.url} HTTP/1.1\r\n`;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
    }
    upstream.write(`${head}\r\n`);
    for (const end of [socket, upstream]) {
      end.on('error', () => {
        socket.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(socket).pipe(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function pass(target: URL, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url } = incoming;
  const options = { host: target.hostname, port: target.port, method, headers, path: url };
  const upstream = request(options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  incoming.pipe(upstream);
}

function serve(path: string, response: ServerResponse): void {
  const folder = Object.keys(FOLDERS).find((prefix) => path.startsWith(prefix));
  if (path === '/') {
    response.setHeader('content-type', 'text/html').end(PAGE);
  } else if (folder === undefined) {
    response.writeHead(404).end();
  } else {
    const file = join(FOLDERS[folder] as string, normalize(`/${path.slice(folder.length)}`));
    const type = /\.m?js$/.test(file) ? 'text/javascript' : 'application/wasm';
    try {
      response.setHeader('content-type', type).end(readFileSync(file));
    } catch {
      response.writeHead(404).end();
    }
  }
}
