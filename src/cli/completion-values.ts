import type { Argument, Option } from 'commander';
import { LIMITS } from '../base/limits.js';
import { PERFORMATIVES } from '../fipa/performative.js';
import { EVENT_FAMILIES, EVENT_TYPES } from '../runtime/event-types.js';
import { type ConnectionOptions, connectionBy } from './client-options.js';

/** What may stand at a place: one of these texts, or a path that the shell knows best. */
export type Values = readonly string[] | 'files' | 'folders';

/** Asks for values of some kind. */
export interface ValueSource {
  readonly values: (server: ConnectionOptions) => Values | Promise<Values>;
  /** Whether several may stand there, with commas between. */
  readonly isList: boolean;
}

/** Agents whose names are offered. */
const AGENTS_MAX = 500;

const ACTS = { values: () => PERFORMATIVES, isList: false };
const AGENT = { values: agentNames, isList: false };
const FILES = { values: () => 'files' as const, isList: false };
const EVENTS = {
  values: () => [
    ...Object.keys(EVENT_TYPES),
    ...EVENT_FAMILIES.map((family) => `${family}.*`),
    '*',
  ],
  isList: true,
};

/** By an option's name, where that says more than its placeholder. */
const BY_OPTION: Readonly<Record<string, ValueSource>> = {
  '--agent': AGENT,
  '--to': AGENT,
  '--sender': AGENT,
  '--receiver': AGENT,
  '--agents': { ...AGENT, isList: true },
  '--participants': { ...AGENT, isList: true },
};

/** By what stands between angle brackets. */
const BY_PLACEHOLDER: Readonly<Record<string, ValueSource>> = {
  agent: AGENT,
  act: ACTS,
  acts: { ...ACTS, isList: true },
  types: EVENTS,
  file: FILES,
  in: FILES,
  out: FILES,
  dir: { values: () => 'folders' as const, isList: false },
};

/** Where the values of an option or an argument come from; undefined = they are free. */
export function valueSource(place: Option | Argument): ValueSource | undefined {
  const { argChoices } = place;
  if (argChoices) return { values: () => argChoices, isList: false };
  if ('flags' in place) {
    const placeholder = /<([^>]+)>/.exec(place.flags)?.[1] ?? '';
    return BY_OPTION[place.long ?? ''] ?? BY_PLACEHOLDER[placeholder];
  }
  return BY_PLACEHOLDER[place.name()];
}

/** Names of agents, or none when the server doesn't answer at once. */
async function agentNames(server: ConnectionOptions): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(LIMITS.completion_wait_ms);
  try {
    const { value } = await connectionBy(server).ask((client) =>
      client.listAgents({ limit: AGENTS_MAX }, { signal }),
    );
    return value.agents.map(({ name }) => name);
  } catch {
    return [];
  }
}
