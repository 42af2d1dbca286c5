// The parts of a message that every agent needs, found in one pass.

import { Slice, keyIs, nextField, openObject, value } from "./json";

export const performative = changetype<Slice>(memory.data(8, 4));
/** The sender's name as a JSON string, quotes and escapes included. */
export const sender = changetype<Slice>(memory.data(8, 4));
/** The content as JSON text; empty when the message has none. */
export const content = changetype<Slice>(memory.data(8, 4));

@inline
function take(slice: Slice): void {
  slice.start = value.start;
  slice.end = value.end;
}

/** Finds the parts of the message; false when it has no sender or performative. */
export function readMessage(start: usize, length: usize): bool {
  const end = start + length;
  performative.clear();
  sender.clear();
  content.clear();
  if (!openObject(start, end)) return false;
  let missing = 3;
  // The host writes each field once, so the rest need not be read when all three are there.
  while (missing > 0 && nextField()) {
    if (keyIs("sender")) take(sender);
    else if (keyIs("content")) take(content);
    else if (keyIs("performative")) take(performative);
    else continue;
    missing--;
  }
  return performative.found && sender.found;
}

/**
 * Whether the message is itself an answer. Answering an answer would let two agents talk to each
 * other without end.
 */
export function isAnswer(): bool {
  return (
    performative.is("inform") ||
    performative.is("inform-done") ||
    performative.is("inform-result") ||
    performative.is("agree") ||
    performative.is("failure") ||
    performative.is("refuse") ||
    performative.is("not-understood")
  );
}
