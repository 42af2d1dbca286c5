/** The smallest WebAssembly module: magic and version alone, in base64. It stands for a real one. */
const MODULE = 'AGFzbQEAAAA=';

/** Requests as users write them, by the operation's key in the table. */
export const REQUEST_EXAMPLES: Readonly<Record<string, unknown>> = Object.freeze({
  deployAgent: {
    wasm_module: MODULE,
    config: { name: 'my-agent', resources: { memory: '50MB', cpu: '100000' } },
  },
  stopAgent: { grace_period_seconds: 30, drain_messages: true },
  updateAgent: { config: { resources: { memory: '100MB' } }, strategy: 'blue_green' },
  reloadAgent: { wasm_module: MODULE, config: { strategy: 'graceful', traffic_split: 10 } },
  sendMessage: {
    performative: 'request',
    sender: 'client_001',
    receiver: 'my-agent',
    content: { action: 'process', data: { key: 'value' } },
    conversation_id: 'conv_789',
    reply_with: 'msg_001',
  },
  createDeployment: {
    agent_id: 'my-agent',
    wasm_module: MODULE,
    version: '2.0.0',
    strategy: {
      type: 'canary',
      stages: [
        { percentage: 10, duration: '5m' },
        { percentage: 50, duration: '10m' },
        { percentage: 100, duration: '0' },
      ],
      rollback_on_error: true,
      error_threshold: 0.05,
    },
  },
  rollbackDeployment: { reason: 'High error rate detected' },
  createTask: {
    name: 'process_data',
    description: 'Process customer data batch',
    data: { batch: 17 },
    protocol: 'contract_net',
    participants: ['agent_1', 'agent_2', 'agent_3'],
    timeout_seconds: 300,
    requirements: { capabilities: ['data_processing'], min_performance_score: 0.8 },
  },
  distributeTask: { strategy: 'best_bid', max_wait_seconds: 30 },
  cancelTask: { reason: 'no longer needed' },
});
