/**
 * Says below a table of one page how much there is, and how to get the next.
 * @param what in the plural, which ends in s
 */
export function pageFooter(shown: number, total: number, what: string, next?: string): string {
  const named = total === 1 ? what.replace(/s$/, '') : what;
  const count = shown === total ? `${total} ${named}` : `${shown} of ${total} ${named}`;
  return next === undefined ? `\n${count}` : `\n${count}; the next page: ${next}`;
}
