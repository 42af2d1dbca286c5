// Answers with the content it was sent, as echo does, after some tens of microseconds of work.

import {
  beginContent, beginReply, content, isAnswer, readMessage, sendReply, writeSlice,
} from "../../agents/assemblyscript/assembly";

export { caxton_alloc } from "../../agents/assemblyscript/assembly";

const STEPS: i32 = 30000;
let kept: u32 = 1;

export function handle_message(start: usize, length: usize): i32 {
  if (!readMessage(start, length)) return 1;
  if (isAnswer()) return 0;
  let x = kept;
  for (let i = 0; i < STEPS; i++) x = (x ^ <u32>i) * 1664525 + 1013904223;
  kept = x;
  beginReply("inform");
  if (content.found) {
    beginContent();
    writeSlice(content);
  }
  return sendReply();
}
