export interface Target {
  readonly of: 'ratio' | 'value';
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Holds only on a machine whose baseline reaches this. */
  readonly whereBaselineAtLeast?: number;
}

/** What is to be reached on a machine of two cores, by the name of the row. */
const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  rest_send: [{ of: 'ratio', atLeast: 0.8 }],
  rest_wait: [{ of: 'ratio', atLeast: 0.7 }],
  rest_persist: [{ of: 'ratio', atLeast: 0.5 }],
  latency_added_us_p50: [{ of: 'value', atMost: 60 }],
  latency_added_us_p99: [{ of: 'value', atMost: 200 }],
  ws_batch: [
    { of: 'ratio', atLeast: 0.6 },
    { of: 'value', atLeast: 400_000, whereBaselineAtLeast: 700_000 },
  ],
  ws_fanout: [{ of: 'ratio', atLeast: 0.7 }],
  grpc_unary: [{ of: 'ratio', atLeast: 0.8 }],
  grpc_stream: [{ of: 'ratio', atLeast: 0.7 }],
  agent_to_agent_same_worker: [{ of: 'ratio', atLeast: 0.25 }],
  agent_to_agent_two_workers: [{ of: 'ratio', atLeast: 0.15 }],
  metering_mean: [{ of: 'value', atMost: 1.2 }],
  metering_worst: [{ of: 'value', atMost: 1.6 }],
  metering_large_module: [{ of: 'value', atMost: 500 }],
  many_agents_10000_rate: [{ of: 'ratio', atLeast: 0.8 }],
  many_agents_10000_overhead: [{ of: 'value', atMost: 64 }],
  many_agents_10000_start: [{ of: 'value', atMost: 20 }],
  history_cost: [{ of: 'ratio', atLeast: 0.75 }],
  peer_extism_worker: [{ of: 'ratio', atLeast: 100 }],
  peer_piscina_run: [{ of: 'ratio', atLeast: 10 }],
  peer_nats: [{ of: 'ratio', atLeast: 2 }],
  idle_memory: [{ of: 'value', atMost: 120 }],
  soak_memory_growth: [{ of: 'value', atMost: 1.1 }],
  soak_p99_growth: [{ of: 'value', atMost: 1.5 }],
};

export const targetsOf = (name: string): readonly Target[] => TARGETS[name] ?? [];

export const targetNames: readonly string[] = Object.keys(TARGETS);

/** The target of a row in words, and whether it is met; null where there is none. */
export function judge(
  name: string,
  value: number,
  ratio: number | null,
  baseline: number | null,
): { readonly target: string | null; readonly met: boolean | null } {
  const targets = TARGETS[name];
  if (targets === undefined) return { target: null, met: null };
  return {
    target: targets.map(inWords).join('; '),
    met: targets.every((target) => isMet(target, target.of === 'ratio' ? ratio : value, baseline)),
  };
}

function isMet(target: Target, figure: number | null, baseline: number | null): boolean {
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target;
  if ((baseline ?? 0) < (target.whereBaselineAtLeast ?? 0)) return true;
  return figure !== null && figure >= atLeast && figure <= atMost;
}

function inWords({ of, atLeast, atMost, whereBaselineAtLeast }: Target): string {
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  const where =
    whereBaselineAtLeast === undefined ? '' : ` where the baseline reaches ${whereBaselineAtLeast}`;
  return `${of} ${bound}${where}`;
}
