/**
 * Two clocks. Wall time tells users when something happened; monotonic time measures how long it
 * took and is the same in every thread of the process.
 */

// The global is a getter, and what it gives is looked up anew each time: bound, a look at the clock
// is a call.
const now = performance.now.bind(performance);
const { timeOrigin } = performance;

/** Milliseconds since the Unix epoch. */
export function wallMs(): number {
  return Date.now();
}

/** Microseconds since the Unix epoch, as a whole number below 2^53. */
export function wallUs(): number {
  return Math.floor((timeOrigin + now()) * 1_000);
}

// performance.now() starts at another moment in each thread; hrtime is one clock for all of them.
const threadOffsetMs = measureOffsetMs();

// Two reads with a preemption between them are too far apart: the closest pair of several counts.
function measureOffsetMs(): number {
  let offsetMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 16; i++) {
    const hereMs = now();
    offsetMs = Math.min(offsetMs, Number(process.hrtime.bigint()) / 1e6 - hereMs);
  }
  return offsetMs;
}

/** Microseconds on a clock that never steps and that all threads of the process share. */
export function monotonicUs(): number {
  return (now() + threadOffsetMs) * 1_000;
}

/** The same clock in milliseconds. */
export function monotonicMs(): number {
  return monotonicUs() / 1_000;
}

const CACHED_TIMES = 64;
const cachedMs = new Float64Array(CACHED_TIMES).fill(-1);
const cachedText = new Array<string>(CACHED_TIMES).fill('');

/**
 * RFC 3339 text in UTC with milliseconds. The last texts are cached: a busy server asks for the
 * same few milliseconds over and over.
 */
export function rfc3339(ms: number): string {
  const whole = Math.floor(ms);
  const place = Math.abs(whole % CACHED_TIMES);
  if (cachedMs[place] !== whole) {
    cachedText[place] = new Date(whole).toISOString();
    cachedMs[place] = whole;
  }
  return cachedText[place] as string;
}
