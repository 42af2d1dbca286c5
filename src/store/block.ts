import { encodedBytes, MESSAGE_HEADER_BYTES } from '../fipa/binary.js';
import { damaged } from './damage.js';

/**
 * Where each message of a block of the history begins.
 * @throws CaxtonError INTERNAL_ERROR when the block holds something else
 */
export function messageStarts(block: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at < block.length; ) {
    const left = block.length - at;
    const bytes = left < MESSAGE_HEADER_BYTES ? 0 : encodedBytes(block, at);
    if (bytes < MESSAGE_HEADER_BYTES || bytes > left) {
      throw damaged('a block of the history holds something else than messages');
    }
    starts.push(at);
    at += bytes;
  }
  return starts;
}
