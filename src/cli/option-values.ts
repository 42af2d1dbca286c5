import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { CaxtonError } from '../base/errors.js';
import { parseBytes, parseDurationMs } from '../base/units.js';
import { UsageError } from './failures.js';

/** Readers of option values. What they throw, commander shows with the option's name. */

/** A whole number from `least` up. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} up.`);
  };
}

/** A reader whose refusal is told in the words given. */
function reading<T>(read: () => T, refusal: string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CaxtonError) throw new InvalidArgumentError(refusal);
    throw error;
  }
}

/** "500ms", "30s", "5m" as milliseconds. */
export function durationMs(text: string): number {
  const refusal = 'Write a number with ms, s, m, h or d, such as "30s".';
  return reading(() => parseDurationMs(text, 'duration'), refusal);
}

/** "50MB", "64MiB" or a number of bytes, as bytes. */
export function byteSize(text: string): number {
  const refusal = 'Write bytes, or a number with KB, MB, GB, KiB, MiB or GiB, such as "50MB".';
  return reading(() => parseBytes(text, 'size'), refusal);
}

/** "500ms", "30s", "5m" as whole seconds, rounded up. */
export function durationSeconds(text: string): number {
  return Math.ceil(durationMs(text) / 1_000);
}

/** A JSON value in a box: commander takes an option's `null` for an empty text. */
export interface Json {
  readonly value: unknown;
}

/** A JSON value; `@file` reads it from a file and `-` from standard input. */
export function jsonValue(text: string): Json {
  const [source, where] = readSource(text);
  try {
    return { value: JSON.parse(source) };
  } catch (error) {
    const hint = where === 'the argument' ? ' Text is written with its quotes: \'"hello"\'.' : '';
    throw new InvalidArgumentError(`${where} is not JSON: ${(error as Error).message}.${hint}`);
  }
}

function readSource(text: string): [source: string, where: string] {
  if (text === '-') return [readFileSync(0, 'utf8'), 'standard input'];
  if (!text.startsWith('@')) return [text, 'the argument'];
  const file = text.slice(1);
  try {
    return [readFileSync(file, 'utf8'), file];
  } catch (error) {
    throw new InvalidArgumentError(`${file} can't be read: ${(error as Error).message}.`);
  }
}

/** A JSON object, as `jsonValue` reads it. */
export function jsonObject(text: string): Record<string, unknown> {
  const { value } = jsonValue(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new InvalidArgumentError('Write a JSON object: {"name": …}.');
}

/** `KEY=VALUE`, given once or more. */
export function entries(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write KEY=VALUE.');
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** A number within bounds. */
export function numberWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a number from ${least} to ${most}.`);
  };
}

/** A duration as the API takes it, checked and left as it is. */
export function durationText(text: string): string {
  durationMs(text);
  return text;
}

/** A stage of a canary: its percentage and how long it stays. */
export interface Stage {
  readonly percentage: number;
  readonly duration: string;
}

/** `10:5m,50:10m,100`: percentages, each with how long it stays; without that it is done at once. */
export function stages(text: string): Stage[] {
  return list(text).map((stage) => {
    const [percentage, duration = '0', ...more] = stage.split(':');
    if (!/^\d+$/.test(percentage!) || more.length > 0) {
      throw new InvalidArgumentError('Write PERCENTAGE:DURATION, such as 10:5m,50:10m,100.');
    }
    return { percentage: Number(percentage), duration: durationText(duration) };
  });
}

/** Values between commas; the option may be given again. */
export function list(text: string, before: readonly string[] = []): string[] {
  const values = text
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
  if (values.length === 0) throw new InvalidArgumentError('Write one or more values.');
  return [...before, ...values];
}

/** @throws UsageError when the file can't be read */
export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${(error as Error).message}`);
  }
}
