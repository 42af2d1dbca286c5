import { connect } from '@nats-io/transport-node';

/** Answers each request with what it was sent. The port of nats-server is its argument. */
const connection = await connect({ servers: `127.0.0.1:${process.argv[2]}` });
connection.subscribe('echo', {
  callback: (error, message) => {
    if (error !== null) throw error;
    message.respond(message.data);
  },
});
await connection.flush();
process.stdout.write(`port ${process.argv[2]}\n`);
