/** "SDK Examples, JavaScript/TypeScript" of the API reference. */
export const example = `
import { CaxtonClient } from '@caxton/sdk';

const client = new CaxtonClient({
  endpoint: 'http://localhost:8080',
  apiKey: 'your-api-key'
});

// Deploy an agent
const agent = await client.deployAgent({
  wasmModule: fs.readFileSync('agent.wasm'),
  config: {
    name: 'my-agent',
    resources: {
      memory: '50MB'
    }
  }
});

// Send a message
const response = await client.sendMessage({
  performative: 'request',
  receiver: agent.id,
  content: { action: 'process' }
});

// Subscribe to events
client.on('agent.failed', (event) => {
  console.log('Agent failed:', event);
});
`;
