import { LIMITS } from '../../base/limits.js';
import { formatBytes } from '../../base/units.js';
import { columns, record } from '../output.js';
import { printable } from '../printable.js';
import { histogramPlot } from './histogram-plot.js';
import type { BenchResult } from './result.js';
import { count, microseconds, numbered, percent, seconds } from './units.js';

/** A result for people. */
export function textReport(result: BenchResult): string {
  const { latency_us: latency, errors, notes } = result;
  const parts = [record(settingsRecord(result)), record(totals(result))];
  if (latency !== null) {
    const names = Object.keys(latency);
    const times = Object.values(latency).map((us: number) => microseconds(us));
    parts.push(columns(names, [times]), histogramPlot(result.histogram));
  }
  if (errors.length > 0) {
    parts.push(
      columns(
        ['error', 'count', 'the first of them'],
        errors.map(({ code, count: times, first_message: text }) => [code, count(times), text]),
      ),
    );
  }
  if (notes.length > 0) parts.push(notes.map((note) => `! ${printable(note)}`).join('\n'));
  return parts.join('\n\n');
}

/** The settings in words. */
export function settingsRecord({ server, settings, caxton }: BenchResult) {
  const { transport, grpc, agents, wait, persist, performative, content_bytes } = settings;
  const { connections, in_flight: inFlight, threads, rate_per_second: rate } = settings;
  const ends = wait ? 'until the reply' : 'until it is accepted';
  return {
    server: `${server.url} (caxton ${server.version}, ${numbered(server.workers, 'worker')})`,
    client: `caxton ${caxton}`,
    agents: agents.join(', '),
    message: `${performative} of ${formatBytes(content_bytes)}, ${ends}${persist ? ', on disk' : ''}`,
    load:
      rate === null
        ? 'closed loop: the next message when one is answered'
        : `${count(rate)} messages/s by a fixed schedule`,
    connections: `${connections} over ${transport}${grpc === null ? '' : ` to ${grpc}`}, ${inFlight} in flight on each, ${numbered(threads, 'thread')}`,
    time: timeText(settings),
  };
}

function timeText({ duration_ms, count: most, warmup_ms }: BenchResult['settings']): string {
  const time = seconds(duration_ms);
  const warmup = warmup_ms === 0 ? 'without warm-up' : `after ${seconds(warmup_ms)} of warm-up`;
  if (most === null) return `${time}, ${warmup}`;
  // The longest time is that of a count alone.
  const atMost = duration_ms < LIMITS.bench_duration_max_ms ? ` or for ${time}` : '';
  return `until ${numbered(most, 'message')}${atMost}, ${warmup}`;
}

function totals({ messages, elapsed_ms, replies, generator }: BenchResult) {
  const acts = Object.entries(replies).map(([act, times]) => `${count(times)} ${act}`);
  const bytes_s = elapsed_ms === 0 ? 0 : (messages.content_bytes / elapsed_ms) * 1_000;
  return {
    answered: `${count(messages.answered)} of ${count(messages.sent)} in ${seconds(elapsed_ms)}`,
    rate: `${count(messages.answered_per_second)} messages/s, ${formatBytes(Math.round(bytes_s))}/s of contents`,
    failed: count(messages.failed),
    ...(messages.unsent > 0 && { unsent: count(messages.unsent) }),
    ...(acts.length > 0 && { replies: acts.join(', ') }),
    generator: `${percent(generator.utilization)} busy`,
  };
}
