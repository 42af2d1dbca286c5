import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { eventually } from './eventually.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The browser's command, or why there is none. */
export function findChromium(): { readonly command: string } | { readonly missing: string } {
  for (const command of NAMES) {
    if (spawnSync(command, ['--version'], { timeout: 60_000 }).status === 0) return { command };
  }
  return { missing: `none of ${NAMES.join(', ')} is on the path` };
}

interface Answer {
  readonly id?: number;
  /** Of events, which have no id. */
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly loaderId?: string };
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A headless browser with a profile of its own, driven by the Chrome DevTools Protocol. */
export class Chromium {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #calls = new Map<number, (answer: Answer) => void>();
  /** Documents that are loaded. */
  readonly #loaded = new Set<string>();
  #count = 0;

  private constructor(process: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer;
      if (answer.method === 'Page.lifecycleEvent' && answer.params?.name === 'load') {
        this.#loaded.add(answer.params.loaderId as string);
      }
      if (answer.id === undefined) return;
      this.#calls.get(answer.id)?.(answer);
      this.#calls.delete(answer.id);
    });
    socket.on('close', () => {
      for (const settle of this.#calls.values()) settle({ error: { message: 'it is gone' } });
    });
  }

  static async start(): Promise<Chromium> {
    const found = findChromium();
    if ('missing' in found) throw new Error(found.missing);
    const profile = await mkdtemp(join(tmpdir(), 'caxton-chromium-'));
    const browser = spawn(
      found.command,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        `--user-data-dir=${profile}`,
        '--remote-debugging-port=0',
        'about:blank',
      ],
      // A group of its own, so that its helpers end with it.
      { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    );
    try {
      const socket = new WebSocket(await endpointOf(browser));
      await once(socket, 'open');
      return new Chromium(browser, profile, socket);
    } catch (error) {
      await end(browser, profile);
      throw error;
    }
  }

  /** Opens a page and waits for it. @returns the session with it */
  async open(url: string): Promise<Page> {
    const { targetId } = await this.#call('Target.createTarget', { url: 'about:blank' });
    const attached = await this.#call('Target.attachToTarget', { targetId, flatten: true });
    const sessionId = attached.sessionId as string;
    await this.#call('Page.enable', {}, sessionId);
    await this.#call('Page.setLifecycleEventsEnabled', { enabled: true }, sessionId);
    const { loaderId } = await this.#call('Page.navigate', { url }, sessionId);
    await eventually('the page is loaded', () => this.#loaded.has(loaderId as string));
    return {
      run: async (program) => {
        const answer = await this.#call(
          'Runtime.evaluate',
          { expression: `(${program})()`, awaitPromise: true, returnByValue: true },
          sessionId,
        );
        const { result, exceptionDetails } = answer as {
          result: { value?: unknown };
          exceptionDetails?: { exception?: { description?: string }; text: string };
        };
        if (exceptionDetails !== undefined) {
          throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
        }
        return result.value;
      },
    };
  }

  async close(): Promise<void> {
    this.#socket.terminate();
    await end(this.#process, this.#profile);
  }

  #call(method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, ({ result, error }) => {
        if (result === undefined) reject(new Error(`${method}: ${error?.message}`));
        else resolve(result);
      });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }
}

export interface Page {
  /** Runs the text of a function in the page, and gives what its promise resolves with. */
  run(program: string): Promise<unknown>;
}

function endpointOf(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    browser.stderr?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      const found = /DevTools listening on (ws:\S+)/.exec(text);
      if (found) resolve(found[1] as string);
    });
    browser.once('error', reject);
    browser.once('exit', () => reject(new Error(`the browser did not start:\n${text}`)));
  });
}

async function end(browser: ChildProcess, profile: string): Promise<void> {
  if (browser.exitCode === null && browser.signalCode === null && browser.pid !== undefined) {
    const ended = once(browser, 'exit');
    process.kill(-browser.pid, 'SIGKILL');
    await ended;
  }
  // Helpers that are still ending may write into it.
  await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
