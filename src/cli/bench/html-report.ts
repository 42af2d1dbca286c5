import { formatBytes } from '../../base/units.js';
import { chartsOf } from './charts.js';
import type { BenchResult } from './result.js';
import { settingsRecord } from './text-report.js';
import { count, microseconds, percent, seconds } from './units.js';

/** Nothing may be loaded from anywhere. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2rem auto; padding: 0 1rem; color: #1f2937; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #e5e7eb; vertical-align: top; }
.numbers th, .numbers td { text-align: right; font-variant-numeric: tabular-nums; }
.note { border-left: 4px solid #d97706; padding: .25rem .75rem; background: #fffbeb; }
svg { max-width: 100%; height: auto; }
`;

/** A result as one HTML file that needs nothing else. */
export function htmlReport(result: BenchResult): string {
  const { started_at: startedAt, notes, latency_us: latency, errors } = result;
  const title = `caxton bench, ${startedAt}`;
  const body = [
    `<h1>${escaped(title)}</h1>`,
    ...notes.map((note) => `<p class="note">${escaped(note)}</p>`),
    facts('Result', totals(result)),
    ...(latency === null ? [] : [latencyTable(latency)]),
    ...chartsOf(result).map((chart) => section(chart.title, chart.svg)),
    ...(errors.length === 0 ? [] : [errorTable(errors)]),
    facts('Settings', settingsRecord(result)),
    facts('Load generator’s machine', machineFacts(result)),
  ];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body.join('\n')}
</body>
</html>
`;
}

function totals({ messages, elapsed_ms, replies, generator }: BenchResult): Facts {
  return {
    'Messages per second': count(messages.answered_per_second),
    Answered: `${count(messages.answered)} of ${count(messages.sent)} in ${seconds(elapsed_ms)}`,
    Contents: formatBytes(messages.content_bytes),
    Failed: count(messages.failed),
    'Due and not sent': count(messages.unsent),
    'Sent in the warm-up': count(messages.warmup),
    Replies:
      Object.entries(replies)
        .map(([act, times]) => `${count(times)} ${act}`)
        .join(', ') || '-',
    'Load generator': `${percent(generator.utilization)} busy, ${count(generator.late)} sent late`,
  };
}

function machineFacts({ machine }: BenchResult): Facts {
  return {
    Processor: `${machine.processor}, ${machine.cores} cores`,
    Memory: formatBytes(machine.memory_bytes),
    System: machine.system,
    'Node.js': machine.node,
  };
}

function latencyTable(latency: NonNullable<BenchResult['latency_us']>): string {
  const names = Object.keys(latency).map((name) => `<th>${escaped(name)}</th>`);
  const times = Object.values(latency).map((us: number) => `<td>${microseconds(us)}</td>`);
  const rows = `<tr>${names.join('')}</tr>\n<tr>${times.join('')}</tr>`;
  return section('Latency', `<table class="numbers">${rows}</table>`);
}

function errorTable(errors: BenchResult['errors']): string {
  const rows = errors.map(
    ({ code, count: times, first_message: text }) =>
      `<tr><td>${escaped(code)}</td><td>${count(times)}</td><td>${escaped(text)}</td></tr>`,
  );
  const head = '<tr><th>Code</th><th>Count</th><th>The first of them</th></tr>';
  return section('Errors', `<table>${head}\n${rows.join('\n')}</table>`);
}

type Facts = Readonly<Record<string, string>>;

function facts(title: string, values: Facts): string {
  const rows = Object.entries(values).map(
    ([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  return section(title, `<table>${rows.join('\n')}</table>`);
}

const section = (title: string, content: string): string =>
  `<section><h2>${escaped(title)}</h2>\n${content}</section>`;

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
