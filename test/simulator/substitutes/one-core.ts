/** In the place of node:os for `Patience`. */
export function availableParallelism(): number {
  return 1;
}
