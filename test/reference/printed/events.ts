/** "WebSocket Events" of the API reference, in its order. */

export const agentDeployed = {
  type: 'agent.deployed',
  agent_id: 'agent_123',
  timestamp: '2024-01-15T10:30:00Z',
};

export const messageSent = {
  type: 'message.sent',
  message_id: 'msg_456',
  from: 'agent_123',
  to: 'agent_456',
  performative: 'inform',
};

export const taskCompleted = {
  type: 'task.completed',
  task_id: 'task_999',
  agent_id: 'agent_456',
  result: 'success',
};

export const systemAlert = {
  type: 'system.alert',
  severity: 'warning',
  message: 'High memory usage detected',
  details: {
    memory_percent: 85,
  },
};

/** Subscription Management */
export const subscribe = {
  type: 'subscribe',
  events: ['agent.*', 'task.completed'],
  filters: {
    agent_ids: ['agent_123'],
  },
};

export const unsubscribe = {
  type: 'unsubscribe',
  subscription_id: 'sub_123',
};
