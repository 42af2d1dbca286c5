import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** node:http by itself: reads a body, parses it as JSON and answers with its content. */
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    const { content } = JSON.parse(body) as { content: unknown };
    const answer = JSON.stringify({ status: 'replied', content });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(answer),
    });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`);
});
