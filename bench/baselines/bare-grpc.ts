import { Server, ServerCredentials, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadMessageService } from '../load/message-service.js';

/** grpc-js by itself with our protos: each message is decoded and gets a constant answer. */
const { service } = loadMessageService() as ServiceClientConstructor;
const ACK = {
  message_id: 'msg_01M85VGSZPA3WM0QMQ57930000',
  status: 'delivered',
  delivered_at: { seconds: 1705314600, nanos: 123_000_000 },
};

const server = new Server({
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  'grpc.max_concurrent_streams': 1_000,
});
// Methods that no benchmark calls stay unimplemented.
server.addService(service, {
  SendMessage: (_call: unknown, answer: (error: null, value: object) => void) => answer(null, ACK),
  Converse: (call: {
    on(event: string, handler: (request: { id: string }) => void): void;
    write(answer: object): boolean;
    end(): void;
  }) => {
    let index = 0;
    call.on('data', (request) => {
      call.write({ id: request.id, index, ack: ACK });
      index += 1;
    });
    call.on('end', () => call.end());
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`port ${port}\n`);
});
