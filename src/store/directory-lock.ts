import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CaxtonError } from '../base/errors.js';

/**
 * A claim is an empty file whose name says whose it is: lock.PID.START.TOKEN. A claim that won has
 * a second file beside it, with `.held` behind the name. Names are never used twice, so the claims
 * of dead processes can be removed by anyone at any time.
 */
const CLAIM = /^lock\.(\d+)\.([^.]*)\.([0-9a-f]{16})$/;
const HELD = '.held';
const POLL_MS = 5;
/** How long to wait for claimants that have neither won nor given up. */
const CONTEST_MS = 10_000;

interface Claim {
  readonly name: string;
  readonly pid: number;
  /** Which boot, and clock ticks after it: tells a process from another with a reused pid. */
  readonly started: string;
  readonly token: string;
}

/**
 * Claims a data directory for this process. Of several at once the lowest token wins. Each writes
 * its claim first and looks for others then, so that of two at least one sees the other; one that
 * sees a claim above its own waits, since that one may have looked before and won.
 * @returns releases the claim
 * @throws CaxtonError CONFLICT when a living process holds it, UNAVAILABLE when it can't be written
 */
export async function lockDirectory(dir: string): Promise<() => void> {
  const mine = newClaim();
  const path = join(dir, mine.name);
  const withdraw = (): void => {
    rmSync(path + HELD, { force: true });
    rmSync(path, { force: true });
  };
  try {
    makeDirectory(dir);
    writeFileSync(path, '', { flag: 'wx' });
  } catch (error) {
    throw cannotWrite(dir, error);
  }
  try {
    await contest(dir, mine);
    writeFileSync(path + HELD, '', { flag: 'wx' });
    return withdraw;
  } catch (error) {
    withdraw();
    throw error instanceof CaxtonError ? error : cannotWrite(dir, error);
  }
}

async function contest(dir: string, mine: Claim): Promise<void> {
  const deadlineMs = performance.now() + CONTEST_MS;
  for (;;) {
    const names = new Set(readdirSync(dir));
    const others = livingClaims(dir, names).filter((claim) => claim.token !== mine.token);
    const winner = others.find((claim) => names.has(claim.name + HELD) || claim.token < mine.token);
    if (winner !== undefined) throw held(dir, winner.pid);
    if (others.length === 0) return;
    if (performance.now() > deadlineMs) throw held(dir, others[0]!.pid);
    await sleep(POLL_MS);
  }
}

/** Removes the claims of processes that are gone. */
function livingClaims(dir: string, names: ReadonlySet<string>): Claim[] {
  const living: Claim[] = [];
  for (const name of names) {
    const [, pid, started, token] = CLAIM.exec(name) ?? [];
    if (pid === undefined || started === undefined || token === undefined) continue;
    const claim = { name, pid: Number(pid), started, token };
    if (isAlive(claim)) living.push(claim);
    else {
      rmSync(join(dir, name + HELD), { force: true });
      rmSync(join(dir, name), { force: true });
    }
  }
  return living;
}

function newClaim(): Claim {
  const { pid } = process;
  const started = statOf(String(pid))?.started ?? '';
  const token = randomBytes(8).toString('hex');
  return { name: `lock.${pid}.${started}.${token}`, pid, started, token };
}

function isAlive(claim: Claim): boolean {
  try {
    process.kill(claim.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const stat = statOf(String(claim.pid));
  if (stat === undefined) return true;
  if (DEAD.has(stat.state) && hasEnded(claim.pid)) return false;
  return claim.started === '' || stat.started === claim.started;
}

/**
 * Whether a zombie is one as a whole: its first thread is one already while others still write. A
 * whole one holds nothing, and may stay for ever, where its parent never asks how it ended (as the
 * first process of many containers).
 */
function hasEnded(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.every((id) => DEAD.has(statOf(`${pid}/task/${id}`)?.state ?? 'X'));
  } catch {
    return true;
  }
}

/** States of proc(5) in which a process runs no more: zombie, and dead. */
const DEAD: ReadonlySet<string> = new Set(['Z', 'X', 'x']);

interface ProcessStat {
  readonly state: string;
  /** Boot and start time. */
  readonly started: string;
}

/**
 * What the system says of a process, or a thread; undefined where it doesn't tell (no /proc).
 * @param path below /proc
 */
function statOf(path: string): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${path}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    // Fields 3, state, and 22, starttime (proc(5)); the name in field 2 may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: `${boot}-${fields[19]}` };
  } catch {
    return undefined;
  }
}

// One level after the other: where a level can't be made, as in /proc, mkdir's own recursion tries
// for ever.
function makeDirectory(dir: string): void {
  const missing: string[] = [];
  for (let at = resolve(dir); !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const level of missing) {
    try {
      // Messages and agents' data are nobody else's on this machine.
      mkdirSync(level, { mode: 0o700 });
    } catch (error) {
      // Another process may have been quicker.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
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
