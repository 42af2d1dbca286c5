/**
 * Collects the garbage of the calling thread and gives the room that it took back to the system:
 * what a thread needs to get started is several times what it then keeps, and the engine by itself
 * keeps the room for later. Takes some 10 to 40 ms of the thread.
 */
export async function releaseMemory(): Promise<void> {
  const inspector = await import('node:inspector').catch(() => undefined);
  // A Node.js may have been built without: it then keeps the room.
  if (inspector === undefined) return;
  const session = new inspector.Session();
  session.connect();
  // Unlike gc(), this makes the space of young objects small again too.
  await new Promise<void>((resolve) => {
    // A session that is ended while it answers blocks its thread for good: the answer goes first.
    session.post('HeapProfiler.collectGarbage', () => setImmediate(resolve));
  });
  session.disconnect();
}
