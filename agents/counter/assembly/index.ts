// Keeps a count in its data store, so that it survives a trap, a restart and a reload.

import {
  Slice, beginContent, beginReply, beginText, content, findField, isAnswer, parseNumber, performative, readMessage,
  readStored, replyNotUnderstood, sendReply, storeWritten, valueLength, valueStart, writeInteger, writeText,
} from "../../assemblyscript/assembly";

export { caxton_alloc } from "../../assemblyscript/assembly";

/** Whole numbers up to here are exact in JSON as most readers have it: 2^53 - 1. */
const LARGEST: f64 = 9007199254740991;

const action = changetype<Slice>(memory.data(8, 4));
const amount = changetype<Slice>(memory.data(8, 4));

function readCount(): f64 {
  if (!readStored("count")) return 0;
  const stored = parseNumber(valueStart(), valueStart() + valueLength());
  return isNaN(stored) ? 0 : stored;
}

function storeCount(count: f64): i32 {
  beginText();
  writeText("count");
  writeInteger(<i64>count);
  return storeWritten(5);
}

function replyCount(count: f64): i32 {
  beginReply("inform");
  beginContent();
  writeText('{"count":');
  writeInteger(<i64>count);
  writeText("}");
  return sendReply();
}

function add(): i32 {
  findField(content, "amount", amount);
  const step = amount.number;
  if (!(abs(step) <= LARGEST) || nearest(step) != step) {
    return replyNotUnderstood("amount must be a whole number between -9007199254740991 and 9007199254740991");
  }
  const count = readCount() + step;
  if (abs(count) > LARGEST) return replyNotUnderstood("the count would pass 9007199254740991");
  const result = storeCount(count);
  return result == 0 ? replyCount(count) : result;
}

function reset(): i32 {
  const result = storeCount(0);
  return result == 0 ? replyCount(0) : result;
}

export function handle_message(start: usize, length: usize): i32 {
  if (!readMessage(start, length)) return 1;
  if (isAnswer()) return 0;
  if (!performative.is("request")) return replyNotUnderstood("only requests are answered");
  findField(content, "action", action);
  if (action.is("add")) return add();
  if (action.is("get")) return replyCount(readCount());
  if (action.is("reset")) return reset();
  return replyNotUnderstood("content must be an object with the action add, get or reset");
}
