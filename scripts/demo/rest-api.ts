import type { ApiConnection, Outgoing, Reply } from './apis.js';

/** The REST API by fetch: messages, and what the demo asks of the server besides. */
export class RestApi implements ApiConnection {
  readonly name = 'REST';
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async ask(message: Outgoing): Promise<Reply> {
    const answer = await this.post<{ reply: Reply }>('/api/v1/messages?wait=true', message);
    return answer.reply;
  }

  deploy<T>(wasm: Uint8Array<ArrayBuffer>, config: object): Promise<T> {
    const form = new FormData();
    form.append('wasm', new Blob([wasm]), 'agent.wasm');
    form.append('config', JSON.stringify(config));
    return this.#call('/api/v1/agents', { method: 'POST', body: form });
  }

  get<T>(path: string): Promise<T> {
    return this.#call(path, {});
  }

  post<T>(path: string, body: object): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.#call(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  close(): void {}

  async #call<T>(path: string, request: RequestInit): Promise<T> {
    const response = await fetch(this.#url + path, request);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
}
