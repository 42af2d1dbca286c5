import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode, encode } from '@msgpack/msgpack';
import { guest, guestNames, guestSource } from '../support/guests.js';
import { PLAIN_HOST_TIME_US, PlainHost } from '../support/plain-host.js';

async function start(name: string, config: Record<string, string> = {}): Promise<PlainHost> {
  return new PlainHost(await guest(name), config);
}

function request(content: unknown, more: object = {}): object {
  return { performative: 'request', sender: 'client "1"', receiver: 'guest', content, ...more };
}

/** Sends a request and gives the content of the answer. */
function ask(host: PlainHost, content?: unknown): unknown {
  assert.equal(host.deliver(request(content)), 0);
  const [answer, ...more] = host.takeSent();
  assert.equal(answer?.receiver, 'client "1"');
  assert.equal(answer?.performative, 'inform');
  assert.equal(more.length, 0);
  return answer?.content;
}

describe('the guests of the tests', () => {
  it('all compile and validate', async () => {
    assert.ok(guestNames().length >= 60);
    for (const name of guestNames()) assert.ok(WebAssembly.validate(await guest(name)), name);
  });

  it('all say what they do', () => {
    for (const name of guestNames()) assert.match(guestSource(name), /^;; [A-Z].{10}/, name);
  });

  it('all export what the ABI requires, unless they say that they are no valid agents', async () => {
    for (const name of guestNames()) {
      const module = new WebAssembly.Module(await guest(name));
      const names = WebAssembly.Module.exports(module).map((one) => one.name);
      const required = ['memory', 'handle_message', 'caxton_alloc'];
      const complete = required.every((one) => names.includes(one));
      assert.ok(complete || guestSource(name).startsWith(';; No valid agent'), name);
    }
  });

  it('answer requests alone, so that failures come to rest', async () => {
    const host = await start('failing-once');
    assert.equal(host.deliver({ ...request('x'), performative: 'failure' }), 0);
    assert.deepEqual(host.takeSent(), []);
  });
});

describe('hostile guests', () => {
  const trapping = [
    ...['trap-unreachable', 'trap-div-zero', 'trap-oob-memory', 'trap-indirect-type'],
    ...['bad-pointer-send', 'bad-pointer-negative', 'bad-length-send', 'bad-pointer-log'],
    ...['bad-pointer-store', 'bad-pointer-load-buffer', 'recursion-deep'],
    ...['as-abort', 'wasi-proc-exit'],
  ];
  for (const name of trapping) {
    it(`${name} fails its message`, async () => {
      const host = await start(name);
      assert.throws(() => host.deliver(request({})));
    });
  }

  it('send what they say they send', async () => {
    const sentBy = async (name: string): Promise<string> => {
      const host = await start(name);
      host.deliver(request({}));
      return Buffer.from(host.state.sent[0]!).toString('latin1');
    };
    assert.throws(() => JSON.parse('{{ this is no JSON'));
    assert.equal(await sentBy('garbage-output'), '{{ this is no JSON');
    assert.match(await sentBy('garbage-output-utf8'), /"content":"\xff\xfe\xc3\("}$/);
    assert.equal(await sentBy('output-missing-receiver'), '{"performative":"inform","content":1}');
    const client = { receiver: 'client "1"' };
    assert.deepEqual(JSON.parse(await sentBy('output-unknown-performative')), {
      performative: 'shout',
      ...client,
    });
    assert.deepEqual(JSON.parse(await sentBy('forged-sender')), {
      performative: 'inform',
      sender: 'admin',
      content: 1,
      ...client,
    });
  });

  it('give allocations that cannot be', async () => {
    const allocated = async (name: string): Promise<number> =>
      (await start(name)).exports.caxton_alloc(100) >>> 0;
    assert.equal(await allocated('alloc-refuses'), 0);
    assert.equal(await allocated('alloc-out-of-range'), 0xffff_fff0);
    assert.equal(await allocated('alloc-negative'), 0xffff_ffff);
    assert.equal(await allocated('alloc-overlapping'), 2 * 65_536 - 4);
  });

  it('flood until they are refused, and say so', async () => {
    for (const [name, call] of [
      ['timer-flood', 'set_timer'],
      ['data-flood', 'store_data'],
      ['capability-flood', 'register_capability'],
    ] as const) {
      const module = new WebAssembly.Module(await guest(name));
      let calls = 0;
      const sent: string[] = [];
      const instance: WebAssembly.Instance = new WebAssembly.Instance(module, {
        caxton: {
          [call]: () => (++calls > 20 ? -3 : 0),
          send_message: (at: number, length: number) => {
            const memory = instance.exports.memory as WebAssembly.Memory;
            sent.push(Buffer.from(memory.buffer, at, length).toString());
            return 0;
          },
        },
      });
      const exports = instance.exports as unknown as PlainHost['exports'];
      const message = Buffer.from(JSON.stringify(request({})));
      const at = exports.caxton_alloc(message.length);
      new Uint8Array(exports.memory.buffer).set(message, at);
      assert.equal(exports.handle_message(at, message.length), 0);
      assert.deepEqual(JSON.parse(sent[0]!).content, { accepted: 20, result: -3 }, name);
    }
  });

  it('fail in the ways that they name', async () => {
    assert.equal((await start('returns-nonzero')).deliver(request({})), 7);
    assert.equal((await start('init-fails')).exports.agent_init?.(), 3);
    const traps = await start('init-traps');
    assert.throws(() => traps.exports.agent_init?.());
    const boom = await start('failing-once');
    assert.throws(() => boom.deliver(request({ text: 'boom' })), WebAssembly.RuntimeError);
    assert.deepEqual(ask(boom, { text: 'boo', m: '\\"}' }), { text: 'boo', m: '\\"}' });
    assert.equal(ask(boom), null);
  });

  it('memory-grow-once-big tells what memory.grow gave', async () => {
    const host = await start('memory-grow-once-big');
    const { result } = ask(host, {}) as { result: number };
    const pages = host.exports.memory.buffer.byteLength / 65_536;
    assert.equal(pages, result === -1 ? 2 : 65_002);
  });
});

describe('guests that use the host', () => {
  it('timer-agent answers when its timer comes due, in the conversation', async () => {
    const host = await start('timer-agent');
    const conversation = { conversation_id: 'c1', reply_with: 'r"1' };
    assert.equal(host.deliver(request({}, conversation)), 0);
    assert.deepEqual(host.state.timers, [20_000n]);
    assert.equal(host.exports.handle_timer?.(42), 0);
    assert.deepEqual(host.takeSent(), [
      {
        performative: 'inform',
        receiver: 'client "1"',
        in_reply_to: 'r"1',
        conversation_id: 'c1',
        content: { timer: 42 },
      },
    ]);
    assert.equal(host.deliver({ ...request({}), performative: 'cancel' }), 0);
  });

  it('store-agent puts, gets and deletes', async () => {
    const host = await start('store-agent');
    const value = { nested: ['"', 1e3, null] };
    const size = JSON.stringify(value).length;
    assert.deepEqual(ask(host, { action: 'get', key: 'k' }), { size: -1 });
    assert.deepEqual(ask(host, { action: 'put', key: 'k', value }), { result: 0 });
    assert.deepEqual(ask(host, { key: 'k', action: 'get' }), { size, value });
    assert.deepEqual(ask(host, { action: 'delete', key: 'k' }), { result: 0 });
    assert.deepEqual(ask(host, { action: 'delete', key: 'k' }), { result: -1 });
  });

  it('config-reader tells a config entry', async () => {
    const host = await start('config-reader', { region: 'eu "west" ü' });
    const answer = { size: 12, value: 'eu "west" ü' };
    assert.deepEqual(ask(host, { key: 'region' }), answer);
    assert.deepEqual(ask(host, { key: 'absent' }), { size: -1 });
  });

  it('timestamp-random tells time and random numbers', async () => {
    const time = Number(PLAIN_HOST_TIME_US);
    const expected = { timestamp_us: time, timestamp_again_us: time, random: [7, 7] };
    assert.deepEqual(ask(await start('timestamp-random')), expected);
  });

  it('fuel-reporter and slow-agent answer', async () => {
    assert.deepEqual(ask(await start('fuel-reporter')), { fuel: 1_000_000 });
    assert.deepEqual(ask(await start('slow-agent'), [1]), [1]);
  });

  it('broadcast-agent passes filter and message on', async () => {
    const host = await start('broadcast-agent');
    const filter = { capability: 'x' };
    assert.deepEqual(ask(host, { filter, message: { n: [1] } }), { receivers: 1 });
    const [broadcast] = host.state.broadcasts;
    assert.deepEqual(JSON.parse(broadcast!.filter), filter);
    const message = { performative: 'inform', content: { n: [1] } };
    assert.deepEqual(JSON.parse(broadcast!.message), message);
  });

  it('subscriber-agent subscribes when it starts and counts what comes', async () => {
    const host = await start('subscriber-agent');
    assert.equal(host.exports.agent_init?.(), 0);
    assert.deepEqual(host.state.subscriptions, ['{"performatives":["inform"]}']);
    host.deliver({ ...request('copy'), performative: 'inform' });
    assert.deepEqual(ask(host), { result: 0, copies: 1 });
    const own = await start('subscriber-agent', { filter: '{"agents":["a"]}' });
    own.exports.agent_init?.();
    assert.deepEqual(own.state.subscriptions, ['{"agents":["a"]}']);
  });

  it('shutdown-agent counts its shutdowns', async () => {
    const host = await start('shutdown-agent');
    assert.deepEqual(ask(host), { shutdowns: -1 });
    host.exports.agent_shutdown?.();
    host.exports.agent_shutdown?.();
    assert.deepEqual(ask(host), { shutdowns: 2 });
  });

  it('forwarder sends the content to the agent of its config', async () => {
    const host = await start('forwarder', { to: 'echo' });
    assert.equal(host.deliver(request({ n: 1 })), 0);
    const forwarded = { performative: 'request', receiver: 'echo', content: { n: 1 } };
    assert.deepEqual(host.takeSent(), [forwarded]);
    assert.equal((await start('forwarder')).deliver(request(1)), -1);
  });

  it('log-agent logs and answers', async () => {
    const host = await start('log-agent');
    assert.equal(ask(host, 'hi'), 'hi');
    assert.deepEqual(host.state.logs, ['log: "hi"']);
    assert.deepEqual(host.state.errors, ['error: "hi"']);
  });

  it('as-abort gives its reason', async () => {
    const host = await start('as-abort');
    assert.throws(() => host.deliver(request({})), /abort: broke at agent\.ts:3:7/);
  });

  it('wasi-hello writes a line and answers', async () => {
    const host = await start('wasi-hello');
    (host.exports as unknown as { _initialize(): void })._initialize();
    assert.deepEqual(ask(host), {
      initialized: 1,
      written: 16,
      variables: 0,
      environment: '',
      time_us: Number(PLAIN_HOST_TIME_US),
      random: 0x07070707,
    });
    assert.deepEqual(host.state.logs, ['hello from wasi\n']);
  });

  it('msgpack-echo answers MessagePack of every kind with the same', async () => {
    const host = await start('msgpack-echo');
    const contents = [
      ...[null, true, 0, -1, 127, -32, 200, 40_000, 3e9, -100, -20_000, -2e9, 2 ** 40, 1.5],
      ...['', 'x'.repeat(31), 'x'.repeat(200), 'x'.repeat(70_000), 'ü"'],
      ...[[], Array(15).fill([]), Array(16).fill(1), Array(70_000).fill(2)],
      ...[{}, { a: { b: [null, 'c'] } }],
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, { i }])),
      Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i])),
      ...[new Uint8Array(3), new Uint8Array(300), new Uint8Array(70_000), new Date(0)],
    ];
    for (const content of contents) {
      assert.equal(host.deliver(encode({ content, ...request(content) })), 0);
      const answer = { performative: 'inform', receiver: 'client "1"', content };
      assert.deepEqual(decode(host.state.sent.pop()!), answer);
    }
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`field${i}`, [i]]));
    assert.equal(host.deliver(encode({ ...many, performative: 'request', sender: 's' })), 0);
    const answer = { performative: 'inform', receiver: 's' };
    assert.deepEqual(decode(host.state.sent.pop()!), answer);
  });
});
