import { categoryAxis, decadeBelow, heading, valueAxis } from './chart-parts.js';
import { figure } from './figures.js';
import { LOOK, textStyle } from './look.js';
import type { Chart } from './render-svg.js';

export interface Line {
  readonly name: string;
  readonly color: string;
  readonly values: readonly number[];
}

export interface LineChart {
  readonly title: string;
  readonly subtitle: string;
  readonly xAxis: string;
  readonly yAxis: string;
  readonly categories: readonly string[];
  readonly lines: readonly Line[];
}

/** Lines over a logarithmic axis, with the figure of each point. */
export function lineChart(chart: LineChart): Chart {
  const { title, subtitle, xAxis, yAxis, categories, lines } = chart;
  const all = lines.flatMap(({ values }) => values);
  const option = {
    ...heading(title, subtitle),
    legend: { top: 58, left: 16, itemGap: 18, textStyle, data: lines.map(({ name }) => name) },
    grid: { left: 92, right: 40, top: 112, bottom: 58 },
    xAxis: {
      ...categoryAxis(categories),
      name: xAxis,
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: { ...textStyle, color: LOOK.faint },
    },
    yAxis: { ...valueAxis(yAxis), type: 'log', min: decadeBelow(all), nameGap: 66 },
    series: lines.map(({ name, color, values }, index) => ({
      type: 'line',
      name,
      data: values,
      symbol: 'circle',
      symbolSize: 8,
      lineStyle: { width: 2.5 },
      itemStyle: { color },
      label: {
        show: true,
        // The upper line is the first: its figures stand above it, the others below theirs.
        position: index === 0 ? 'top' : 'bottom',
        distance: 8,
        formatter: ({ value }: { value: number }) => figure(value),
        color: LOOK.text,
        fontFamily: LOOK.font,
        fontSize: 12,
        fontWeight: 'bold',
      },
    })),
  };
  return { title, width: 900, height: 430, option };
}
