import { readFileSync } from 'node:fs';

const KIB = 1024;
/** V8 reserves this much at least behind each memory of a module, so that it need not check bounds. */
const RESERVED_BYTES_MIN = 4 * 2 ** 30;
const RESERVED_BYTES_MAX = 16 * 2 ** 30;
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/;

export interface ProcessMemory {
  /** What of the process is in memory. */
  readonly residentBytes: number;
  /** Of that, the linear memories of WebAssembly modules. */
  readonly linearBytes: number;
}

export function canReadMemory(): boolean {
  return process.platform === 'linux';
}

/** Reads a process's memory from /proc, which Linux has. */
export function readMemory(pid: number): ProcessMemory {
  const smaps = readFileSync(`/proc/${pid}/smaps`, 'latin1');
  return { residentBytes: residentBytes(pid), linearBytes: linearBytes(smaps) };
}

export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * KIB;
}

/**
 * Linear memories are the writable mappings that such a reservation follows.
 * @param smaps the text of /proc/PID/smaps
 */
export function linearBytes(smaps: string): number {
  let total = 0;
  let before = { end: '', writable: false, residentBytes: 0 };
  for (const line of smaps.split('\n')) {
    const mapping = MAPPING.exec(line);
    if (mapping !== null) {
      const [, start, end, access] = mapping as unknown as [string, string, string, string];
      const bytes = Number.parseInt(end, 16) - Number.parseInt(start, 16);
      const reserved = bytes >= RESERVED_BYTES_MIN && bytes <= RESERVED_BYTES_MAX;
      if (reserved && access.startsWith('---') && before.writable && before.end === start) {
        total += before.residentBytes;
      }
      before = { end, writable: access.startsWith('rw'), residentBytes: 0 };
    } else if (line.startsWith('Rss:')) {
      before.residentBytes = Number.parseInt(line.slice(4), 10) * KIB;
    }
  }
  return total;
}
