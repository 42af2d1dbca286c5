/** Says below a table of one page how much there is, and how to get the next. */
export function pageFooter(shown: number, total: number, what: string, next?: string): string {
  const count = shown === total ? `${total} ${what}` : `${shown} of ${total} ${what}`;
  return next === undefined ? `\n${count}` : `\n${count}; the next page: ${next}`;
}
