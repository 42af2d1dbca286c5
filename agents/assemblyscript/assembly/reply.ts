// The answer is written into one region, from its first byte, and sent from there.

import { send_message } from "./host";
import { Slice } from "./json";
import { Region } from "./memory";
import { sender } from "./message";

const output = changetype<Region>(memory.data(8, 4));
let written: usize = 0;

/** Makes room and gives the address for so many more bytes. */
function reserve(bytes: usize): usize {
  if (!output.ensure(written + bytes)) unreachable();
  return output.start + written;
}

/** Writes a text as UTF-8, as it is: it has to be JSON already. */
export function writeText(text: string): void {
  const units = changetype<usize>(text);
  const length = <usize>text.length;
  const target = reserve(length * 3);
  let i: usize = 0;
  // Eight characters at a time and then one by one, as long as they are ASCII.
  for (; i + 8 <= length; i += 8) {
    const block = v128.load(units + (i << 1));
    if (v128.any_true(v128.and(block, i16x8.splat(<i16>0xff80)))) break;
    v128.store64_lane(target + i, i8x16.narrow_i16x8_u(block, block), 0);
  }
  for (; i < length; i++) {
    const unit = load<u16>(units + (i << 1));
    if (unit > 0x7f) break;
    store<u8>(target + i, <u8>unit);
  }
  written += i;
  if (i < length) written += String.UTF8.encodeUnsafe(units + (i << 1), <i32>(length - i), target + i);
}

export function writeBytes(start: usize, length: usize): void {
  memory.copy(reserve(length), start, length);
  written += length;
}

/** Writes a piece of JSON as it is. */
export function writeSlice(slice: Slice): void {
  writeBytes(slice.start, slice.length);
}

function hexadecimal(digit: u32): u8 {
  return <u8>(digit < 10 ? 0x30 + digit : 0x57 + digit);
}

/** Writes UTF-8 bytes as a JSON string, with quotes and escapes. */
export function writeQuoted(start: usize, length: usize): void {
  const target = reserve(length * 6 + 2);
  let to = target;
  store<u8>(to++, 0x22);
  for (let i: usize = 0; i < length; i++) {
    const byte = load<u8>(start + i);
    if (byte == 0x22 || byte == 0x5c) {
      store<u8>(to, 0x5c);
      store<u8>(to + 1, byte);
      to += 2;
    } else if (byte < 0x20) {
      store<u32>(to, 0x3030755c);
      store<u8>(to + 4, hexadecimal(<u32>byte >> 4));
      store<u8>(to + 5, hexadecimal(<u32>byte & 15));
      to += 6;
    } else store<u8>(to++, byte);
  }
  store<u8>(to++, 0x22);
  written += to - target;
}

export function writeInteger(value: i64): void {
  const target = reserve(20);
  let to = target;
  let rest: u64 = value < 0 ? 0 - <u64>value : <u64>value;
  if (value < 0) store<u8>(to++, 0x2d);
  let digits: usize = 1;
  for (let power: u64 = 10; digits < 19 && rest >= power; power *= 10) digits++;
  for (let i = digits; i > 0; i--) {
    store<u8>(to + i - 1, <u8>(0x30 + (rest % 10)));
    rest /= 10;
  }
  written += to + digits - target;
}

/** Writes a number with at most three decimals; what is beyond ±10^15 becomes null. */
export function writeDecimal(value: f64): void {
  if (!(abs(value) <= 1e15)) {
    writeText("null");
    return;
  }
  const thousandths = <i64>nearest(value * 1000);
  if (thousandths < 0) writeText("-");
  const size = abs(thousandths);
  writeInteger(size / 1000);
  let rest = size % 1000;
  if (rest == 0) return;
  writeText(".");
  for (let power: i64 = 100; rest > 0; power /= 10) {
    writeInteger(rest / power);
    rest %= power;
  }
}

/** The bytes written so far, for what else than `send_message` takes them. */
export function writtenStart(): usize {
  return output.start;
}

export function writtenLength(): usize {
  return written;
}

/** Forgets what was written. */
export function beginText(): void {
  written = 0;
}

/** Starts an answer without content to the sender of the message at hand. */
export function beginReply(performative: string): void {
  written = 0;
  writeText('{"performative":"');
  writeText(performative);
  writeText('","receiver":');
  writeSlice(sender);
}

/** Goes on with the answer's content, which is to be written next. */
export function beginContent(): void {
  writeText(',"content":');
}

/** Sends the answer. @returns 0, or the host's error, which `handle_message` may return as it is */
export function sendReply(): i32 {
  writeText("}");
  return send_message(output.start, written);
}

/** Answers that the message makes no sense here, and why. */
export function replyNotUnderstood(reason: string): i32 {
  beginReply("not-understood");
  beginContent();
  writeText('{"reason":"');
  writeText(reason);
  writeText('"}');
  return sendReply();
}
