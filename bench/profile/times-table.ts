import { type Column, markdownTable } from '../report/markdown.js';
import type { Times } from './owners.js';

export interface ThreadTimes {
  readonly role: string;
  readonly times: Times;
  /** CPU time, in microseconds. */
  readonly us_per_message?: number;
}

const LEAST_SHARE = 0.01;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const microseconds = ({ us_per_message }: ThreadTimes): string =>
  us_per_message === undefined ? '' : `${us_per_message.toPrecision(3)} µs`;

/** Where the time of threads goes, by whose code it is, as Markdown. */
export function timesTable(threads: readonly ThreadTimes[]): string {
  const names = new Set(threads.flatMap(({ times }) => times.owners.map(({ name }) => name)));
  const rows = [...names]
    .map((name) => ({
      name,
      shares: threads.map(
        ({ times }) => times.owners.find((owner) => owner.name === name)?.share ?? 0,
      ),
    }))
    .filter(({ shares }) => shares.some((share) => share >= LEAST_SHARE))
    .sort((a, b) => Math.max(...b.shares) - Math.max(...a.shares));
  const columns: Column[] = [
    { title: 'Code' },
    ...threads.map(({ role }): Column => ({ title: role, right: true })),
  ];
  return markdownTable(columns, [
    ...rows.map(({ name, shares }) => [
      name.includes('/') || name.startsWith('src') ? `\`${name}\`` : name,
      ...shares.map((share) => (share < LEAST_SHARE / 10 ? '' : percent(share))),
    ]),
    ['busy, of the time measured', ...threads.map(({ times }) => percent(times.busy))],
    ...(threads.some(({ us_per_message }) => us_per_message !== undefined)
      ? [['CPU time for each message', ...threads.map(microseconds)]]
      : []),
  ]);
}

/** The functions with the most time of their own, as Markdown. */
export function functionsTable(threads: readonly ThreadTimes[]): string {
  return markdownTable(
    [{ title: 'Thread' }, { title: 'Function' }, { title: 'Own time', right: true }],
    threads.flatMap(({ role, times }) =>
      times.functions
        .slice(0, 8)
        .filter(({ share }) => share >= LEAST_SHARE)
        .map(({ name, share }) => [role, `\`${name}\``, percent(share)]),
    ),
  );
}
