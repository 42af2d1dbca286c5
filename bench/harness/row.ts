import { median, neighbourRatios } from './statistics.js';
import { judge } from './targets.js';

/** One result. Where there is a baseline, both were measured in turns in the same run. */
export interface Row {
  readonly name: string;
  /** The median of the rounds. */
  readonly value: number;
  readonly unit: string;
  /** Which values, and which ratios, are the good ones. */
  readonly better: 'higher' | 'lower';
  /** The median of the baseline's rounds, in the same unit. */
  readonly baseline: number | null;
  readonly baseline_is: string | null;
  /** The least and the most of the baseline's rounds; results of before are without. */
  readonly baseline_min?: number;
  readonly baseline_max?: number;
  /** The median of value / baseline over neighbouring rounds. */
  readonly ratio: number | null;
  readonly ratio_min: number | null;
  readonly ratio_max: number | null;
  readonly value_min: number;
  readonly value_max: number;
  readonly rounds: number;
  /** What is to be reached, in words. */
  readonly target: string | null;
  readonly met: boolean | null;
  readonly note: string | null;
  /** The values in their order, where that tells something. */
  readonly series?: readonly number[];
}

export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly better?: 'higher' | 'lower';
  /** One for each round. */
  readonly values: readonly number[];
  readonly baselines?: readonly number[];
  /** What the baseline is, for people. */
  readonly baselineIs?: string;
  readonly note?: string;
  /** Also keeps the values, whose order tells something. */
  readonly series?: boolean;
}

/** Makes a row of what was measured and tells whether its target is met. */
export function makeRow(measured: Measured): Row {
  const { name, unit, better = 'higher', values, baselines, baselineIs, note } = measured;
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new Error(`${name} was measured as ${values.join(', ') || 'nothing'}`);
  }
  const ratios = baselines === undefined ? [] : neighbourRatios(values, baselines);
  const value = median(values);
  const baseline = baselines === undefined ? null : median(baselines);
  const ratio = ratios.length === 0 ? null : median(ratios);
  return {
    name,
    value,
    unit,
    better,
    baseline,
    baseline_is: baselineIs ?? null,
    ...(baselines !== undefined && {
      baseline_min: Math.min(...baselines),
      baseline_max: Math.max(...baselines),
    }),
    ratio,
    ratio_min: ratios.length === 0 ? null : Math.min(...ratios),
    ratio_max: ratios.length === 0 ? null : Math.max(...ratios),
    value_min: Math.min(...values),
    value_max: Math.max(...values),
    rounds: values.length,
    ...judge(name, value, ratio, baseline),
    note: note ?? null,
    ...(measured.series === true && { series: values }),
  };
}
