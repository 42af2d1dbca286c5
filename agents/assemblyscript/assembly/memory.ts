// The agent's memory is a handful of regions that are used again for every message and grow when
// one needs more, so that a million messages take no more room than the largest of them did.

/** Bytes behind every region that the scanner may read past the end, sixteen at a time. */
const SLACK: usize = 32;
const SMALLEST: usize = 4096;

/** A growing piece of memory. Made over static bytes: making one allocates nothing. */
@unmanaged
export class Region {
  start: usize = 0;
  capacity: usize = 0;

  /** Makes room for so many bytes and keeps what is there; false when memory can't grow. */
  ensure(bytes: usize): bool {
    if (bytes + SLACK <= this.capacity) return true;
    if (bytes > 0x3fff_ffff) return false;
    const capacity = max(max(bytes + SLACK, this.capacity * 2), SMALLEST);
    // The runtime traps when it can't have memory. Growing first turns that into an answer; what
    // is grown here is what the runtime then takes.
    if (memory.grow(<i32>((capacity + 0xffff) >>> 16) + 1) < 0) return false;
    this.start = this.start == 0 ? heap.alloc(capacity) : heap.realloc(this.start, capacity);
    this.capacity = capacity;
    return true;
  }
}

const input = changetype<Region>(memory.data(8, 4));

/** Where the host writes the message. Every agent exports this again. */
export function caxton_alloc(length: i32): i32 {
  if (length < 0 || !input.ensure(<usize>length)) return 0;
  return <i32>input.start;
}
