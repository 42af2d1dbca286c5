import type { Http2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { ServerInterceptor } from '@grpc/grpc-js';
import { HeldBytes } from '../held-bytes.js';

/** What such a stream has by itself is more than this. */
const SMALL_BYTES = 4_096;
/** A flag and a length stand before each message. */
const PREFIX_BYTES = 5;

export interface PartialMessagesBounds {
  readonly totalBytes: number;
  readonly perConnectionBytes: number;
  /** How long a message may take from its first byte. */
  readonly messageMs: number;
}

/** The stream of a call, which grpc-js keeps to itself; without it nothing would be bounded. */
interface CallOfLibrary {
  readonly stream?: Http2Stream;
}

/**
 * Bounds what calls hold of messages that are not complete: grpc-js gathers up to the largest
 * message for each stream, before anybody is asked who calls. A thousand streams of one connection
 * would take 16 GiB. A call past the bound is ended with ENHANCE_YOUR_CALM, which clients are told
 * as RESOURCE_EXHAUSTED.
 */
export class PartialMessages {
  readonly #held: HeldBytes<object>;
  readonly #messageMs: number;

  constructor({ totalBytes, perConnectionBytes, messageMs }: PartialMessagesBounds) {
    this.#held = new HeldBytes({ totalBytes, perHolderBytes: perConnectionBytes });
    this.#messageMs = messageMs;
  }

  get totalBytes(): number {
    return this.#held.totalBytes;
  }

  /** Looks at the bytes of each call, and leaves the call itself as it is. */
  readonly interceptor: ServerInterceptor = (method, call) => {
    const { stream } = call as CallOfLibrary;
    if (stream !== undefined) this.watch(stream, method.requestStream);
    return call as ReturnType<ServerInterceptor>;
  };

  /** @param many whether messages are handed on one by one, or the only one when the client ends */
  watch(stream: Http2Stream, many: boolean): void {
    let partial: PartialMessage | undefined;
    stream.on('data', (chunk: Buffer) => {
      if (partial === undefined) {
        if (isWhole(chunk) && (many || chunk.length <= SMALL_BYTES)) return;
        partial = new PartialMessage(stream, this.#held, this.#messageMs, many);
      }
      partial.add(chunk);
    });
  }
}

/** As most come: one message, or several small ones that end with the chunk. */
function isWhole(chunk: Buffer): boolean {
  let at = 0;
  while (at + PREFIX_BYTES <= chunk.length) at += PREFIX_BYTES + chunk.readUInt32BE(at + 1);
  return at === chunk.length;
}

/** What has come of the message that a stream is in the middle of. */
class PartialMessage {
  readonly #stream: Http2Stream;
  readonly #session: object;
  readonly #held: HeldBytes<object>;
  readonly #messageMs: number;
  readonly #many: boolean;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixBytes = 0;
  /** Of the message, behind its prefix. */
  #missingBytes = 0;
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Http2Stream, held: HeldBytes<object>, messageMs: number, many: boolean) {
    this.#stream = stream;
    this.#session = stream.session ?? stream;
    this.#held = held;
    this.#messageMs = messageMs;
    this.#many = many;
    stream.once('end', () => this.#letGo());
    stream.once('close', () => this.#letGo());
  }

  add(chunk: Buffer): void {
    if (this.#stream.closed) return;
    const rest = this.#behindLastMessage(chunk);
    if (this.#many && rest < chunk.length) this.#letGo();
    const bytes = this.#many ? rest : chunk.length;
    if (bytes === 0) return;
    if (!this.#held.take(this.#session, bytes)) {
      this.#end();
      return;
    }
    this.#heldBytes += bytes;
    this.#timer ??= setTimeout(() => this.#end(), this.#messageMs).unref();
  }

  /** How many bytes of the chunk belong to a message that doesn't end in it. */
  #behindLastMessage(chunk: Buffer): number {
    let at = 0;
    let ended = 0;
    while (at < chunk.length) {
      if (this.#prefixBytes < PREFIX_BYTES) {
        this.#prefix[this.#prefixBytes++] = chunk[at++]!;
        if (this.#prefixBytes < PREFIX_BYTES) continue;
        this.#missingBytes = this.#prefix.readUInt32BE(1);
      } else {
        const taken = Math.min(this.#missingBytes, chunk.length - at);
        at += taken;
        this.#missingBytes -= taken;
      }
      if (this.#missingBytes > 0) continue;
      this.#prefixBytes = 0;
      ended = at;
    }
    return chunk.length - ended;
  }

  #end(): void {
    this.#letGo();
    this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #letGo(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#held.give(this.#session, this.#heldBytes);
    this.#heldBytes = 0;
  }
}
