/** How an operation is called over REST. */
export interface OperationRow {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for parameters. */
  readonly path: string;
  /** Fields of the input that go in the query. */
  readonly query: readonly string[];
  /**
   * Whether a call may be made once more when nobody knows what became of the first: `with_key`
   * where the server gives the first result again under the same Idempotency-Key.
   */
  readonly repeat: 'always' | 'with_key' | 'never';
}
