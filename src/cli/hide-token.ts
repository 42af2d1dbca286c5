const OPTION = '--token';
const HIDDEN = '***';

/**
 * Takes a token out of the list of processes, where any user of the machine could read it. It stands
 * there from the start of the process until this is called; the variable CAXTON_TOKEN never does.
 * @param args without those of Node.js
 */
export function hideToken(args: readonly string[]): void {
  const isGiven = (arg: string): boolean => arg === OPTION || arg.startsWith(`${OPTION}=`);
  if (!args.some(isGiven)) return;
  const shown = args.map((arg, i) => {
    if (args[i - 1] === OPTION) return HIDDEN;
    return arg.startsWith(`${OPTION}=`) ? `${OPTION}=${HIDDEN}` : arg;
  });
  process.title = ['caxton', ...shown].join(' ');
}
