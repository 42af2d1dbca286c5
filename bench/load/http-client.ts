import { build, type Histogram } from 'hdr-histogram-js';
import { HttpConnection } from './http-connection.js';

/**
 * A load generator in a process of its own that measures each request: a closed loop, or with
 * `rate` an open one, whose latencies count from when a request was due. It prints JSON.
 */
export interface HttpClientInput {
  readonly port: number;
  readonly path: string;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
  /** Not counted, at the start. */
  readonly warmSeconds: number;
  /** Requests a second; without it each connection sends as soon as it was answered. */
  readonly rate?: number;
  /** Also gives the figures of each such stretch. */
  readonly intervalSeconds?: number;
}

export interface Stretch {
  readonly count: number;
  readonly p50_us: number;
  readonly p99_us: number;
}

export interface HttpClientResult extends Stretch {
  readonly perSecond: number;
  readonly stretches: readonly Stretch[];
}

const newHistogram = (): Histogram =>
  build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3.6e9,
    numberOfSignificantValueDigits: 3,
  });

const summary = (histogram: Histogram): Stretch => ({
  count: histogram.totalCount,
  p50_us: histogram.getValueAtPercentile(50),
  p99_us: histogram.getValueAtPercentile(99),
});

const input = JSON.parse(process.argv[2] as string) as HttpClientInput;
const { port, path, body, connections, rate, intervalSeconds } = input;
const total = newHistogram();
const stretches: Stretch[] = [];
let stretch = newHistogram();
const start = performance.now();
const countFrom = start + input.warmSeconds * 1_000;
const end = countFrom + input.seconds * 1_000;
const idle: HttpConnection[] = [];
let underWay = 0;

function request(connection: HttpConnection, dueMs: number): void {
  underWay += 1;
  connection.send((status) => {
    const now = performance.now();
    underWay -= 1;
    if (status !== 200) throw new Error(`answered with ${status}`);
    if (dueMs >= countFrom && now < end) {
      const latency_us = Math.round((now - dueMs) * 1_000);
      total.recordValue(latency_us);
      if (intervalSeconds !== undefined) stretch.recordValue(latency_us);
    }
    if (now >= end) {
      if (underWay === 0) finish();
    } else if (rate === undefined) request(connection, now);
    else {
      idle.push(connection);
      sendDue();
    }
  });
}

// In an open loop the due times are fixed; what finds no idle connection waits, and that counts.
let nextDueMs = start;
function sendDue(): void {
  const now = performance.now();
  while (nextDueMs <= now && nextDueMs < end && idle.length > 0) {
    request(idle.pop() as HttpConnection, nextDueMs);
    nextDueMs += 1_000 / (rate as number);
  }
  if (now >= end && underWay === 0) finish();
}

const all = Array.from({ length: connections }, () => new HttpConnection(port, path, body));
let timer: ReturnType<typeof setInterval> | undefined;
let intervals: ReturnType<typeof setInterval> | undefined;

function finish(): void {
  clearInterval(timer);
  clearInterval(intervals);
  for (const connection of all) connection.close();
  const result: HttpClientResult = {
    ...summary(total),
    perSecond: total.totalCount / input.seconds,
    stretches,
  };
  process.stdout.write(JSON.stringify(result));
}

if (rate === undefined) for (const connection of all) request(connection, start);
else {
  idle.push(...all);
  timer = setInterval(sendDue, 1);
}
if (intervalSeconds !== undefined) {
  intervals = setInterval(() => {
    stretches.push(summary(stretch));
    stretch = newHistogram();
  }, intervalSeconds * 1_000);
}
