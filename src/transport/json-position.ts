const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/y;
const WORD = /(?:true|false|null)(?!\w)/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Where a text stops being JSON (RFC 8259), as a count of characters; its length when it ends too
 * early, undefined when it is JSON. JSON.parse says so only in some of its messages.
 */
export function jsonErrorPosition(text: string): number | undefined {
  const open: Array<'{' | '['> = [];
  let at = match(SPACE, text, 0);
  for (;;) {
    // A value begins here.
    const opening = text[at];
    if (opening === '{' || opening === '[') {
      open.push(opening);
      at = match(SPACE, text, at + 1);
      if (text[at] === closing(opening)) {
        open.pop();
        at += 1;
      } else {
        if (opening === '[') continue;
        const afterKey = keyEnd(text, at);
        if (afterKey.failed) return afterKey.at;
        at = afterKey.at;
        continue;
      }
    } else {
      const end = scalarEnd(text, at);
      if (end.failed) return end.at;
      at = end.at;
    }
    // A value ended here: close what ends with it, then go on behind the next comma.
    at = match(SPACE, text, at);
    while (open.length > 0 && text[at] === closing(open.at(-1)!)) {
      open.pop();
      at = match(SPACE, text, at + 1);
    }
    if (open.length === 0) return at === text.length ? undefined : at;
    if (text[at] !== ',') return at;
    at = match(SPACE, text, at + 1);
    if (open.at(-1) === '{') {
      const afterKey = keyEnd(text, at);
      if (afterKey.failed) return afterKey.at;
      at = afterKey.at;
    }
  }
}

interface Step {
  readonly at: number;
  readonly failed: boolean;
}

const closing = (opening: '{' | '['): string => (opening === '{' ? '}' : ']');

/** Behind the pattern where it matches at `from`, else `from` itself. */
function match(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

/** Behind a key and its colon. */
function keyEnd(text: string, from: number): Step {
  if (text[from] !== '"') return { at: from, failed: true };
  const end = stringEnd(text, from);
  if (end.failed) return end;
  const colon = match(SPACE, text, end.at);
  if (text[colon] !== ':') return { at: colon, failed: true };
  return { at: match(SPACE, text, colon + 1), failed: false };
}

function scalarEnd(text: string, from: number): Step {
  if (text[from] === '"') return stringEnd(text, from);
  const end = Math.max(match(NUMBER, text, from), match(WORD, text, from));
  return { at: end, failed: end === from };
}

function stringEnd(text: string, from: number): Step {
  let at = from + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return { at: at + 1, failed: false };
    if (code < 0x20) return { at, failed: true };
    if (code !== 0x5c) {
      at += 1;
      continue;
    }
    const behind = match(ESCAPE, text, at);
    if (behind === at) return { at, failed: true };
    at = behind;
  }
  return { at, failed: true };
}
