import { decode as decodeMessagePack, encode as encodeMessagePack } from '@msgpack/msgpack';
import { decodeMessage, encodedBytesMax, encodeMessage } from '../src/fipa/binary.js';
import { parseMessageInput } from '../src/fipa/input.js';
import { messageJsonText } from '../src/fipa/message.js';
import { makeRow, type Report, type RunOptions, ratePerSecond } from './row.js';
import { SAMPLE_BODY } from './sample-message.js';

const UNIT = 'million/s';
const BATCH = 1_000;

/** The message's binary form beside the library codec, and the way from and to JSON text. */
export async function run(report: Report, options: RunOptions): Promise<void> {
  const timeMs = options.smoke ? 50 : 1_000;
  const checks = { contentBytes: 1 << 20, strict: true };
  const message = parseMessageInput(JSON.parse(SAMPLE_BODY), checks);
  message.messageId = 'msg_01M85VGSZPA3WM0QMQ57930000';
  const object = JSON.parse(messageJsonText(message)) as unknown;
  const buffer = Buffer.alloc(encodedBytesMax(message));
  const packed = encodeMessagePack(object);
  const rate = (task: () => void) =>
    ratePerSecond(timeMs, BATCH, () => {
      for (let i = 0; i < BATCH; i++) task();
    });
  const add = async (name: string, task: () => void, baseline: () => void) => {
    const baselineRate = await rate(baseline);
    report(makeRow(name, UNIT, (await rate(task)) / 1e6, baselineRate / 1e6));
  };
  await add(
    'codec_encode_binary',
    () => encodeMessage(buffer, 0, message),
    () => encodeMessagePack(object),
  );
  await add(
    'codec_decode_envelope',
    () => decodeMessage(buffer, 0, false),
    () => decodeMessagePack(packed),
  );
  await add(
    'codec_accept_json',
    () => encodeMessage(buffer, 0, parseMessageInput(JSON.parse(SAMPLE_BODY), checks)),
    () => JSON.parse(SAMPLE_BODY),
  );
  await add(
    'codec_print_json',
    () => messageJsonText(decodeMessage(buffer, 0)),
    () => JSON.stringify(object),
  );
}
