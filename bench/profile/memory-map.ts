import { readFileSync, realpathSync } from 'node:fs';

const KIB = 1024;
const MAPPING = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)$/;

/** What of a process is in memory, in bytes, by what it is for. */
export type MemoryKinds = Readonly<Record<string, number>>;

/** Reads what a process has in memory from /proc, which Linux has. */
export function readMemoryKinds(pid: number): MemoryKinds {
  const program = realpathSync(`/proc/${pid}/exe`);
  return memoryKinds(readFileSync(`/proc/${pid}/smaps`, 'latin1'), program);
}

/**
 * @param smaps the text of /proc/PID/smaps
 * @param program the path of the process's program
 */
export function memoryKinds(smaps: string, program: string): MemoryKinds {
  const kinds: Record<string, number> = {};
  let kind = '';
  for (const line of smaps.split('\n')) {
    const mapping = MAPPING.exec(line);
    if (mapping !== null) kind = kindOf(mapping[1] as string, program);
    else if (line.startsWith('Rss:')) {
      const bytes = Number.parseInt(line.slice(4), 10) * KIB;
      if (bytes > 0) kinds[kind] = (kinds[kind] ?? 0) + bytes;
    }
  }
  return kinds;
}

function kindOf(path: string, program: string): string {
  if (path === program) return 'the Node.js program';
  if (/\.(so(\.[\d.]+)?|node)$/.test(path)) return 'libraries and native addons';
  if (path.endsWith('.mdb')) return 'the store’s file';
  if (path === '[heap]') return 'native code’s heap';
  return 'JavaScript heaps, compiled code, stacks of threads, buffers';
}
