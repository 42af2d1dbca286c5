export type Measure = () => number | Promise<number>;

/**
 * Measures all in turns, A B C A B C …, so that what the machine does meanwhile meets each of them.
 * A first round, in which compilers warm up, is not counted.
 * @returns the figures of each, one for each round
 */
export async function takeTurns<Name extends string>(
  rounds: number,
  contestants: Readonly<Record<Name, Measure>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) figures[name].push(await contestants[name]());
  }
  for (const name of names) figures[name].shift();
  return figures;
}
