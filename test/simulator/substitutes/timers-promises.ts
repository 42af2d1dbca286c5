/** In the place of node:timers/promises: by way of the globals, which follow the simulated clock. */
export function setTimeout(ms: number): Promise<void> {
  return new Promise((resolve) => globalThis.setTimeout(resolve, ms));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => globalThis.setImmediate(resolve));
}

export { nextTurn as setImmediate };
