import type { ApiDriver } from '../api/driver.js';
import { call, deployForm } from './rest-client.js';
import type { TestServer } from './server.js';

/** The API as a REST client uses it. */
export async function restDriver(server: TestServer, token?: string): Promise<ApiDriver> {
  const base = `${server.url}/api/v1`;
  const headers: Record<string, string> = token === undefined ? {} : { 'x-caxton-token': token };
  const get = <T>(path: string): Promise<T> => call(`${base}${path}`, 'GET', undefined, headers);
  const post = <T>(path: string, body?: unknown): Promise<T> =>
    call(`${base}${path}`, 'POST', body, headers);
  const agentPath = (agent: string): string => `/agents/${encodeURIComponent(agent)}`;
  return {
    deploy: (module, config) => post('/agents', deployForm(module, config)),
    listAgents: (query) => get(`/agents${queryString(query)}`),
    getAgent: (agent) => get(agentPath(agent)),
    stopAgent: (agent) => post(`${agentPath(agent)}/stop`, { grace_period_seconds: 30 }),
    startAgent: (agent) => post(`${agentPath(agent)}/start`),
    removeAgent: (agent) => call(`${base}${agentPath(agent)}`, 'DELETE', undefined, headers),
    send: (message, options) => post('/messages', options ? { ...message, options } : message),
    sendAndWait: (message, wait) =>
      post(`/messages${queryString({ wait: true, ...wait })}`, message),
    history: (query) => get(`/messages${queryString(query)}`),
    deadLetters: (query) => get(`/dead-letters${queryString(query)}`),
    retryDeadLetter: (messageId) => post(`/dead-letters/${messageId}/retry`),
    close: async () => {},
  };
}

function queryString(fields: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}
