import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';

/** Fastify, with schemas as its users give them: answers with the content that it was sent. */
const server = fastify();
server.post<{ Body: { content: unknown } }>(
  '/api/v1/messages',
  {
    schema: {
      body: {
        type: 'object',
        required: ['performative', 'receiver'],
        properties: { performative: { type: 'string' }, receiver: { type: 'string' }, content: {} },
      },
      response: {
        200: { type: 'object', properties: { status: { type: 'string' }, content: {} } },
      },
    },
  },
  async (request) => ({ status: 'replied', content: request.body.content }),
);
await server.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`port ${(server.server.address() as AddressInfo).port}\n`);
