import type { Results } from '../harness/results.js';
import type { Profiles } from '../profile/profiles.js';
import { chartsOf } from './charts.js';
import {
  biggerMachine,
  byteCosts,
  messageCosts,
  predictions,
  residentCosts,
  workersNeeded,
} from './cost-tables.js';
import { Figures, figure } from './figures.js';
import { type Fillings, fillPage } from './page.js';
import { memorySection, profileSection } from './profile-sections.js';
import { type Chart, renderSvg } from './render-svg.js';
import { machineTable, rowsTable, targetsTable, verdicts } from './tables.js';

type Section = (figures: Figures, profiles: Profiles) => string;

const SECTIONS: Readonly<Record<string, Section>> = {
  machine: machineTable,
  targets: targetsTable,
  'costs of a message': messageCosts,
  'costs of a byte': byteCosts,
  'costs of being there': (figures, { memory }) => residentCosts(figures, memory),
  predictions,
  'workers needed': workersNeeded,
  'bigger machine': biggerMachine,
  'idle memory': (_, profiles) => memorySection(profiles),
};

/** Sections that are about rows or a load which their names tell. */
const SECTIONS_OF: Readonly<
  Record<string, (figures: Figures, profiles: Profiles, names: readonly string[]) => string>
> = {
  rows: (figures, _, names) =>
    rowsTable(
      figures,
      names.flatMap((name) => expand(figures, name)),
    ),
  verdict: (figures, _, names) => verdicts(figures, names),
  profile: (_, profiles, names) => profileSection(profiles, names[0] as string),
};

/** `metering_*` stands for all rows that begin so. */
function expand(figures: Figures, name: string): readonly string[] {
  if (!name.endsWith('*')) return [name];
  return figures.startingWith(name.slice(0, -1)).map((row) => row.name);
}

export interface Report {
  readonly page: string;
  /** SVG texts by the names of their files. */
  readonly charts: ReadonlyMap<string, string>;
}

/** The page with its figures, and its charts, as results and profiles have them. */
export function makeReport(page: string, results: Results, profiles: Profiles): Report {
  const figures = new Figures(results);
  const charts = chartsOf(figures);
  const fillings: Fillings = {
    section: (name) => {
      const file = /^chart (.+)$/.exec(name)?.[1];
      if (file !== undefined) return picture(file, charts.get(file));
      const section = SECTIONS[name];
      if (section !== undefined) return section(figures, profiles);
      const [kind, ...names] = name.split(' ');
      const sectionOf = SECTIONS_OF[kind as string];
      if (sectionOf === undefined) throw new Error(`there is no section '${name}'`);
      return sectionOf(figures, profiles, names);
    },
    inline: (name) => inlineFigure(figures, name),
  };
  const drawn = [...charts].map(([file, chart]) => [file, renderSvg(chart)] as const);
  return { page: fillPage(page, fillings), charts: new Map(drawn) };
}

function picture(file: string, chart: Chart | undefined): string {
  return chart === undefined
    ? 'There is no chart: its rows are not among the results.'
    : `![${chart.title}](performance/${file})`;
}

/** `rest_send.value`, `rest_send.ratio` … as people read it. */
function inlineFigure(figures: Figures, name: string): string {
  const [row, field] = name.split('.') as [string, string];
  const value = figures.row(row)[field as keyof ReturnType<Figures['row']>];
  if (typeof value !== 'number') throw new Error(`'${name}' is no figure`);
  return figure(value);
}
