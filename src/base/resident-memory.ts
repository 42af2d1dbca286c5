let lastBytes = 0;

/**
 * The resident set of the process, in bytes. Reading it opens a file; where no more can be opened,
 * which clients can bring about with their connections, it is what was read last.
 */
export function residentBytes(): number {
  try {
    lastBytes = process.memoryUsage.rss();
  } catch {
    // The reading is of no use to anybody who would have to handle its failure.
  }
  return lastBytes;
}
