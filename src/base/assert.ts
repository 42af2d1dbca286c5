/** Thrown when the program itself is wrong. Never caused by input, never part of the API. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** States an invariant: a false condition is a programmer error and stops the operation. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch the types have ruled out. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value: ${String(value)}`);
}
