import type { PrintedExchange } from './exchange.js';

/** "Message API" of the API reference, in its order. */

export const sendMessage = {
  section: 'Send Message',
  method: 'POST',
  path: '/api/v1/messages',
  request: {
    performative: 'request',
    sender: 'client_001',
    receiver: 'agent_123',
    content: {
      action: 'process',
      data: { key: 'value' },
    },
    conversation_id: 'conv_789',
    reply_with: 'msg_001',
  },
  response: {
    message_id: 'msg_abc123',
    status: 'delivered',
    delivered_at: '2024-01-15T10:30:00.123Z',
  },
} satisfies PrintedExchange;

export const subscribeToMessages = {
  type: 'subscribe',
  filter: {
    agents: ['agent_123', 'agent_456'],
    performatives: ['inform', 'request'],
  },
};

export const queryMessageHistory = {
  section: 'Query Message History',
  method: 'GET',
  path: '/api/v1/messages',
  query: 'conversation_id=conv_789&limit=50',
  response: {
    messages: [
      {
        message_id: 'msg_001',
        performative: 'request',
        sender: 'agent_123',
        receiver: 'agent_456',
        content: {},
        timestamp: '2024-01-15T10:30:00Z',
      },
    ],
    total: 150,
    next_cursor: 'cursor_abc',
  },
  // A conversation has answers too.
  documented: { 'messages.performative': ['request', 'inform'] },
} satisfies PrintedExchange;
