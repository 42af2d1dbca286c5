import { CaxtonError } from '../base/errors.js';

/** What is read from the store isn't what was written to it. @param what with its place */
export function damaged(what: string): CaxtonError {
  return new CaxtonError(
    'INTERNAL_ERROR',
    `The store is damaged: ${what}. Stop the server and restore a backup of store.mdb; "caxton store check" tells all that is damaged.`,
    { damaged: what },
  );
}

/** The JSON of a record. @throws CaxtonError INTERNAL_ERROR when it is none */
export function jsonRecord(table: string, key: Uint8Array, value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    const name = Buffer.from(key).toString('utf8');
    throw damaged(`the record ${JSON.stringify(name)} of ${table} can’t be read`);
  }
}
