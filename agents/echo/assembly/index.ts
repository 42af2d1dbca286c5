// Answers every message with the message's own content.

import { beginContent, beginReply, content, isAnswer, readMessage, sendReply, writeSlice } from "../../assemblyscript/assembly";

export { caxton_alloc } from "../../assemblyscript/assembly";

export function handle_message(start: usize, length: usize): i32 {
  if (!readMessage(start, length)) return 1;
  if (isAnswer()) return 0;
  beginReply("inform");
  if (content.found) {
    beginContent();
    writeSlice(content);
  }
  return sendReply();
}
