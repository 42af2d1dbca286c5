import { randomUUID } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CaxtonError } from '../base/errors.js';

const LOCK_FILE = 'caxton.lock';
const ATTEMPTS = 10;

/** Who holds a data directory. */
interface Holder {
  readonly pid: number;
  /** Clock ticks after boot at which the process began, so that a reused pid is told apart. */
  readonly started: string;
  /** Names the holder's lock alone. */
  readonly token: string;
}

/**
 * Claims a data directory for this process with a file that names it. The file appears whole, by
 * link(2), which fails when there is one already; a file whose process is gone is moved away first.
 * @returns releases the claim
 * @throws CaxtonError CONFLICT when a living process holds it, UNAVAILABLE when it can't be written
 */
export function lockDirectory(dir: string): () => void {
  const path = join(dir, LOCK_FILE);
  const mine: Holder = {
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    token: randomUUID(),
  };
  const draft = `${path}.${mine.token}`;
  try {
    mkdirSync(dir, { recursive: true });
    writeFileSync(draft, JSON.stringify(mine), { flag: 'wx' });
  } catch (error) {
    throw cannotWrite(dir, error);
  }
  try {
    for (let i = 0; i < ATTEMPTS; i++) {
      if (tryLink(draft, path, dir)) return () => release(path, mine);
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) throw held(dir, holder.pid);
      moveAway(path, holder, dir);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new CaxtonError('CONFLICT', `The data directory ${dir} is being claimed by others.`, {
    field: 'data_dir',
  });
}

function tryLink(draft: string, path: string, dir: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannotWrite(dir, error);
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    const { pid, started, token } = holder;
    const whole = Number.isInteger(pid) && typeof started === 'string';
    return whole && typeof token === 'string' ? { pid: pid as number, started, token } : undefined;
  } catch {
    // Gone in the meantime, or not written by us: not a claim that anyone holds.
    return undefined;
  }
}

/** Moves a dead holder's file away; puts it back if it turns out to be a newer, living one's. */
function moveAway(path: string, seen: Holder | undefined, dir: string): void {
  const aside = `${path}.stale.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw cannotWrite(dir, error);
  }
  const moved = readHolder(aside);
  if (moved !== undefined && moved.token !== seen?.token && isAlive(moved)) {
    try {
      linkSync(aside, path);
    } finally {
      unlinkSync(aside);
    }
    throw held(dir, moved.pid);
  }
  unlinkSync(aside);
}

function release(path: string, mine: Holder): void {
  if (readHolder(path)?.token === mine.token) rmSync(path, { force: true });
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = startOf(holder.pid);
  return started === undefined || holder.started === '' || started === holder.started;
}

/** Boot and start time of a process; undefined where the system doesn't tell (no /proc). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // Field 22, starttime (proc(5)); the name in field 2 may hold spaces and brackets.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${boot}/${ticks}`;
  } catch {
    return undefined;
  }
}

function held(dir: string, pid: number): CaxtonError {
  return new CaxtonError(
    'CONFLICT',
    `The data directory ${dir} is in use by process ${pid}. Stop that server, or name another data_dir.`,
    { field: 'data_dir', pid },
  );
}

function cannotWrite(dir: string, error: unknown): CaxtonError {
  const reason = error instanceof Error ? error.message : String(error);
  return new CaxtonError(
    'UNAVAILABLE',
    `The data directory ${dir} can’t be written: ${reason}. Name a data_dir that this user may write.`,
    { field: 'data_dir', reason },
    error,
  );
}
