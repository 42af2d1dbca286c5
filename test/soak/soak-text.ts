import type { SoakReport } from './soak.js';

const SHOWN = 50;

/** A report for people. */
export function soakText(report: SoakReport): string {
  const { messages, processes } = report;
  return [
    '',
    `${report.seconds} s in ${report.rounds} rounds, seed ${report.seed}.`,
    `${messages.accepted} messages accepted, ${messages.answered} answered, of these ${messages.failures} by a failure.`,
    `${processes.killed} processes killed, ${processes.stopped} stopped: ${messages.persisted} persisted messages were there after a kill, ${messages.forgotten} others were not.`,
    ...section('Done', entries(report.done)),
    ...section('Errors that are explained', entries(report.explained)),
    ...section('At rest, the last process', [
      ...report.leaks.map(
        ({ what, first, last, most, leak }) =>
          `${what}: ${round(first)} at first, ${round(last)} at last, ${round(most)} at most${leak === undefined ? '' : `: A LEAK, ${leak}`}`,
      ),
    ]),
    ...section('UNEXPLAINED', report.unexplained.slice(0, SHOWN)),
    report.unexplained.length === 0
      ? 'No error is unexplained.'
      : `${report.unexplained.length} errors are unexplained.`,
  ].join('\n');
}

function entries(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).map(([what, count]) => `${count} × ${what}`);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
