const PREFIX_BYTES = 5;

/**
 * Answers that go out by one write, since grpc-js spends more on a write than on the bytes of one.
 * It asks what a method's serializer gives for nothing but `byteLength` and `copy`, and puts a
 * prefix (a flag and four bytes of length) before what is copied: that of the first answer, which is
 * corrected here; each further one brings its own. Only its own count of messages, which channelz
 * shows, takes them for one.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Length-Prefixed-Message)
 */
export class FramedAnswers {
  readonly #answers: readonly Buffer[];
  readonly byteLength: number;

  constructor(answers: readonly Buffer[]) {
    this.#answers = answers;
    let bytes = -PREFIX_BYTES;
    for (const answer of answers) bytes += PREFIX_BYTES + answer.length;
    this.byteLength = bytes;
  }

  /** As that of Buffer. */
  copy(target: Buffer, start: number): number {
    let at = start - PREFIX_BYTES;
    for (const answer of this.#answers) {
      target[at] = 0;
      target.writeUInt32BE(answer.length, at + 1);
      at += PREFIX_BYTES;
      target.set(answer, at);
      at += answer.length;
    }
    return this.byteLength;
  }
}
