/** In the place of node:crypto for ids: time and a counter make them unique, and each run has the same. */
export function randomBytes(length: number): Buffer {
  return Buffer.alloc(length);
}

let lastId = 0;

export function randomUUID(): string {
  return `00000000-0000-4000-8000-${String(++lastId).padStart(12, '0')}`;
}
