import { decode, encode } from '@msgpack/msgpack';
import { loadUws, type UwsApp, type UwsWebSocket } from '../../src/transport/uws-loader.js';
import { listen } from './listen.js';

/**
 * uWebSockets.js by itself, as a WebSocket server: `/batch` decodes each frame and acks it,
 * `/fanout` publishes a text of the size of our own to all for each frame.
 */
type Socket = UwsWebSocket<unknown> & { subscribe(topic: string): boolean };
type PublishingApp = UwsApp & { publish(topic: string, text: string, isBinary: boolean): boolean };

const TOPIC = 'all';
const TEXT = JSON.stringify({
  type: 'message',
  subscription_id: 'sub_01KF3Z5R8Y6QJ0T4M2W9C7X1A6',
  seq: 1768473000123457,
  message: {
    message_id: 'msg_01KF3Z5R8Y6QJ0T4M2W9C7X1A2',
    performative: 'request',
    sender: 'client_001',
    receiver: 'agent_01KF3Z5R8Y6QJ0T4M2W9C7X1A0',
    conversation_id: 'conv_789',
    reply_with: 'msg_001',
    content: { action: 'process', data: { key: 'value' } },
    timestamp: '2026-01-15T10:30:00.123Z',
  },
});

const uws = loadUws();
const app = uws.App() as PublishingApp;
const behavior = {
  maxPayloadLength: 16 * 1024 * 1024,
  maxBackpressure: 0,
  idleTimeout: 120,
  sendPingsAutomatically: true,
  compression: uws.DISABLED,
  // The library upgrades by itself where there is no handler.
  open: () => undefined,
  drain: () => undefined,
  close: () => undefined,
};

const upgrade: { upgrade: never } | object = {};
app.ws('/batch', {
  ...behavior,
  ...(upgrade as { upgrade: never }),
  message: (socket, message) => {
    const batch = decode(new Uint8Array(message)) as readonly unknown[];
    socket.send(encode({ type: 'ack', count: batch.length }), true);
  },
});
app.ws('/fanout', {
  ...behavior,
  ...(upgrade as { upgrade: never }),
  open: (socket) => {
    (socket as Socket).subscribe(TOPIC);
  },
  message: () => {
    app.publish(TOPIC, TEXT, false);
  },
});
listen(app);
