import { LIMITS } from '../base/limits.js';
import { FRAME_HEADER_BYTES, LOG_ERROR, LOG_INFO, padTo8 } from '../wire/frames.js';

const NEWLINE = 10;

/** What a line takes of the reply ring beside its text. */
const LINE_OVERHEAD_BYTES = FRAME_HEADER_BYTES + 8;
/** Kept free for the note that lines were dropped. */
const NOTE_BYTES = 256;

/**
 * The log lines of one call, bounded in length and sum. They outlive a failed call, unlike its
 * effects. What a guest writes to its output (WASI) is cut into lines at each newline.
 */
export class LogLines {
  readonly #text: Buffer;
  readonly #limitBytes: number;
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  readonly #levels: number[] = [];
  readonly #outputs: readonly OutputLine[] = [new OutputLine(LOG_INFO), new OutputLine(LOG_ERROR)];
  #textBytes = 0;
  #ringBytes = 0;
  #dropped = false;

  /** @param limitBytes most bytes of the reply ring that one call's lines may take */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#text = Buffer.allocUnsafeSlow(limitBytes);
  }

  get count(): number {
    return this.#starts.length;
  }

  level(index: number): number {
    return this.#levels[index]!;
  }

  /** The text of a line; valid until clear(). */
  line(index: number): Buffer {
    const start = this.#starts[index]!;
    return this.#text.subarray(start, start + this.#lengths[index]!);
  }

  /** One line; what is over the length of a line is cut off. */
  add(level: number, source: Uint8Array, start: number, length: number): void {
    const kept = wholeCharacters(source, start, Math.min(length, LIMITS.log_line_bytes), length);
    const ringBytes = LINE_OVERHEAD_BYTES + padTo8(kept);
    this.#dropped ||= this.#ringBytes + ringBytes > this.#limitBytes - NOTE_BYTES;
    if (!this.#dropped) this.#keep(level, source, start, kept, ringBytes);
  }

  #keep(level: number, source: Uint8Array, start: number, kept: number, ringBytes: number): void {
    this.#text.set(source.subarray(start, start + kept), this.#textBytes);
    this.#levels.push(level);
    this.#starts.push(this.#textBytes);
    this.#lengths.push(kept);
    this.#textBytes += kept;
    this.#ringBytes += ringBytes;
  }

  addText(level: number, text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    this.add(level, bytes, 0, bytes.length);
  }

  /** Output to a stream: whole lines are logged, the rest waits for its newline. */
  write(level: number, source: Uint8Array, start: number, length: number): void {
    const output = this.#outputs[level]!;
    const end = start + length;
    let at = start;
    // Newlines by the million cost little fuel: behind the limit they aren't even looked for.
    while (at < end && !this.#dropped) {
      const newline = source.indexOf(NEWLINE, at);
      const lineEnd = newline >= 0 && newline < end ? newline : end;
      output.append(this, source, at, lineEnd);
      if (lineEnd === end) return;
      output.flush(this, true);
      at = lineEnd + 1;
    }
  }

  /** The call is over: unfinished output becomes lines, and a note says if lines were dropped. */
  finish(): void {
    for (const output of this.#outputs) output.flush(this, false);
    if (!this.#dropped) return;
    const note = Buffer.from(
      `further log lines were dropped: one message may write ${this.#limitBytes} bytes of them`,
    );
    this.#keep(LOG_ERROR, note, 0, note.length, NOTE_BYTES);
  }

  clear(): void {
    if (this.#starts.length > 0) {
      this.#starts.length = 0;
      this.#lengths.length = 0;
      this.#levels.length = 0;
    }
    this.#textBytes = 0;
    this.#ringBytes = 0;
    this.#dropped = false;
    for (const output of this.#outputs) output.clear();
  }
}

/** A line of output whose newline hasn't come yet. */
class OutputLine {
  readonly #level: number;
  readonly #bytes = Buffer.allocUnsafeSlow(LIMITS.log_line_bytes);
  #length = 0;

  constructor(level: number) {
    this.#level = level;
  }

  append(lines: LogLines, source: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#length === this.#bytes.length) this.flush(lines, true);
      const part = Math.min(end - at, this.#bytes.length - this.#length);
      this.#bytes.set(source.subarray(at, at + part), this.#length);
      this.#length += part;
      at += part;
    }
  }

  flush(lines: LogLines, evenIfEmpty: boolean): void {
    if (this.#length > 0 || evenIfEmpty) lines.add(this.#level, this.#bytes, 0, this.#length);
    this.#length = 0;
  }

  clear(): void {
    this.#length = 0;
  }
}

/** Shortens a cut so that it doesn't fall into a UTF-8 character. */
function wholeCharacters(source: Uint8Array, start: number, kept: number, length: number): number {
  if (kept === length) return kept;
  let end = kept;
  while (end > kept - 4 && end > 0 && (source[start + end]! & 0xc0) === 0x80) end--;
  return end;
}
