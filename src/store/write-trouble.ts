/** Why a disk refuses a write, by the code of the system's error. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'the file has reached the size that the system allows it',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports an error',
  EACCES: 'the file may not be written',
  EPERM: 'the file may not be written',
};

/** What an operator is told about a write that failed: what is wrong, and the system's own words. */
export function writeTrouble(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && (error as NodeJS.ErrnoException).code;
  const reason = REASONS[String(code)];
  return reason === undefined ? words : `${reason} (${words})`;
}
