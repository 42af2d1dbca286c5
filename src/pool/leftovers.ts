import { AssertionError } from '../base/assert.js';
import { uint32At } from '../base/little-endian.js';
import { RingConsumer } from '../ring/consumer.js';
import type { StatusBlock } from '../wire/status-block.js';

/** What a dead worker left unhandled, as whole frames, in the order of their delivery. */
export interface Leftovers {
  readonly inHand: Buffer | undefined;
  readonly waiting: Buffer[];
  /** The slot of the agent that was being started or shut down. */
  readonly slotInStep: number | undefined;
}

/** Copies of the frames of a ring that were not given back, up to the first that cannot be. */
export function unreadFrames(ring: SharedArrayBuffer, generation: number): Buffer[] {
  const frames: Buffer[] = [];
  try {
    const unread = new RingConsumer(ring, generation);
    const { buffer, byteOffset, byteLength } = unread.bytes;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    while (unread.next()) {
      const { offset, length } = unread;
      frames.push(Buffer.from(bytes.subarray(offset, offset + length)));
    }
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
  }
  return frames;
}

/**
 * Tells the frame that the worker had in hand from those that wait, without what it finished.
 * @param lastFinished sequence of the last frame whose end was read; 0 = none was
 * @param status what the worker said of itself last
 */
export function sortLeftovers(
  unread: readonly Buffer[],
  lastFinished: number,
  { sequenceInHand, inStep, slotInHand }: StatusBlock,
): Leftovers {
  const waiting: Buffer[] = [];
  let inHand: Buffer | undefined;
  for (const frame of unread) {
    const sequence = uint32At(frame, 8);
    // Handled and published, but the thread died before it gave the space back.
    if (((sequence - lastFinished) | 0) <= 0 && lastFinished !== 0) continue;
    if (sequence === sequenceInHand) inHand = frame;
    else waiting.push(frame);
  }
  return { inHand, waiting, slotInStep: inStep ? slotInHand : undefined };
}
