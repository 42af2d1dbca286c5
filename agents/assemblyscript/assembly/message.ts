// The parts of a message that every agent needs, found in one pass.

import { Slice, nextField, openObject, plainKeyIs, value } from "./json";

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
  // The host writes each field once and its name without escapes, so that the rest need not be
  // read when all three are there.
  while (missing > 0 && nextField()) {
    if (plainKeyIs("sender")) take(sender);
    else if (plainKeyIs("content")) take(content);
    else if (plainKeyIs("performative")) take(performative);
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
    performative.isPlain("inform") ||
    performative.isPlain("inform-done") ||
    performative.isPlain("inform-result") ||
    performative.isPlain("agree") ||
    performative.isPlain("failure") ||
    performative.isPlain("refuse") ||
    performative.isPlain("not-understood")
  );
}
