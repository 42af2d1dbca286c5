import { decode as decodeMessagePack, encode as encodeMessagePack } from '@msgpack/msgpack';
import { decodeMessage, encodedBytesMax, encodeMessage } from '../../src/fipa/binary.js';
import { JsonMessageReader } from '../../src/fipa/json-message.js';
import { type Message, messageJsonText } from '../../src/fipa/message.js';
import { MessageJsonBytes } from '../../src/fipa/message-json-bytes.js';
import type { Context } from '../harness/context.js';
import { ratePerSecond } from '../harness/rate.js';
import { SAMPLE_BODY } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';

const UNIT = 'million/s';
const BATCH = 1_000;
const CONTENT_BYTES = 1 << 20;

/** The message's binary form beside the library codec, and the way from and to JSON text. */
export async function run(context: Context): Promise<void> {
  const seconds = context.smoke ? 0.05 : 0.2;
  const text = Buffer.from(SAMPLE_BODY);
  const reader = new JsonMessageReader();
  const read = (): Message => reader.read(text, 0, text.length, CONTENT_BYTES) as Message;
  const printer = new MessageJsonBytes();
  const message = read();
  message.messageId = 'msg_01M85VGSZPA3WM0QMQ57930000';
  const object = JSON.parse(messageJsonText(message)) as unknown;
  const buffer = Buffer.alloc(encodedBytesMax(message));
  const packed = encodeMessagePack(object);
  const rate = (task: () => void) => async () =>
    (await ratePerSecond(seconds, BATCH, () => {
      for (let i = 0; i < BATCH; i++) task();
    })) / 1e6;
  const add = async (
    name: string,
    task: () => void,
    baselineIs: string,
    baseline: () => void,
  ): Promise<void> => {
    const rates = await takeTurns(context.rounds, { baseline: rate(baseline), ours: rate(task) });
    const { ours: values, baseline: baselines } = rates;
    context.report({ name, unit: UNIT, values, baselines, baselineIs });
  };
  await add(
    'codec_encode_binary',
    () => encodeMessage(buffer, 0, message),
    '@msgpack/msgpack encode',
    () => encodeMessagePack(object),
  );
  await add(
    'codec_decode_envelope',
    () => decodeMessage(buffer, 0, false),
    '@msgpack/msgpack decode',
    () => decodeMessagePack(packed),
  );
  await add(
    'codec_accept_json',
    () => encodeMessage(buffer, 0, read()),
    'JSON.parse',
    () => JSON.parse(SAMPLE_BODY),
  );
  await add(
    'codec_print_json',
    () => printer.write('', buffer, 0, ''),
    'JSON.stringify',
    () => JSON.stringify(object),
  );
}
