import { monotonicUs } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import type { Config } from '../config/schema.js';
import type { AgentReading, AlertReadings } from './alert-readings.js';
import type { EventBus } from './events.js';
import type { EventBody } from './streamed-event.js';

/** How one thing that is looked at is now. */
interface Look {
  /** What it is, where there are several of a kind. */
  readonly key: string;
  readonly figure: number;
  readonly threshold: number;
  readonly details: Readonly<Record<string, unknown>>;
}

interface Words {
  readonly begun: string;
  readonly ended: string;
}

const WORDS = {
  high_memory: { begun: 'High memory usage detected', ended: 'Memory usage is normal again' },
  mailbox_filling: {
    begun: "An agent's mailbox is nearly full",
    ended: "An agent's mailbox has room again",
  },
  dead_letters_growing: {
    begun: 'Many messages become dead letters',
    ended: 'Few messages become dead letters again',
  },
  agent_failed: { begun: 'An agent failed for good', ended: 'An agent is no longer failed' },
  store_behind: {
    begun: 'The store is behind: its disk is slower than what comes',
    ended: 'The store has caught up',
  },
  store_failing: {
    begun: 'The store can’t write: its disk refuses what it is given',
    ended: 'The store writes again',
  },
} satisfies Record<string, Words>;

type Condition = keyof typeof WORDS;

/** What is so or isn't, and has no figure. */
const YES_OR_NO: ReadonlySet<Condition> = new Set(['agent_failed', 'store_failing']);

const MINUTE_MS = 60_000;

/**
 * Tells by `system.alert` what needs an operator: once when it begins, and once when it has ended.
 * It looks once a second, so nothing is done for it per message.
 */
export class Alerts {
  readonly #events: EventBus;
  readonly #thresholds: Config['alerts'];
  readonly #readings: AlertReadings;
  /** What was told and hasn't ended, by condition and key, with the agent that it is about. */
  readonly #begun = new Map<Condition, Map<string, string | undefined>>();
  #deadLetters: Array<{ readonly atMs: number; readonly total: number }> = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(events: EventBus, thresholds: Config['alerts'], readings: AlertReadings) {
    this.#events = events;
    this.#thresholds = thresholds;
    this.#readings = readings;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LIMITS.alert_sample_ms);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** @param nowMs on a clock that never steps back */
  look(nowMs: number = monotonicUs() / 1_000): void {
    const agents = [...this.#readings.agents()];
    this.#judge('high_memory', [this.#memory()]);
    this.#judge('store_behind', [this.#store()]);
    this.#judge('store_failing', this.#storeFailing());
    this.#judge('dead_letters_growing', [this.#deadLettersGrowing(nowMs)]);
    this.#judge(
      'mailbox_filling',
      agents.map((agent) => this.#mailbox(agent)),
    );
    this.#judge('agent_failed', agents.filter(({ failure }) => failure !== undefined).map(failed));
  }

  #memory(): Look {
    const figure = this.#readings.memoryPercent();
    const details = { memory_percent: round(figure) };
    return { key: '', figure, threshold: this.#thresholds.memory_percent, details };
  }

  #store(): Look {
    const { percent, pendingRecords } = this.#readings.store();
    const details = { store_percent: round(percent), pending_records: pendingRecords };
    return { key: '', figure: percent, threshold: this.#thresholds.store_percent, details };
  }

  #storeFailing(): Look[] {
    const { trouble, pendingRecords } = this.#readings.store();
    if (trouble === undefined) return [];
    const details = { reason: trouble, pending_records: pendingRecords };
    return [{ key: '', figure: 1, threshold: 1, details }];
  }

  #deadLettersGrowing(nowMs: number): Look {
    const total = this.#readings.deadLetters();
    this.#deadLetters.push({ atMs: nowMs, total });
    // The newest that is a minute old stays, to count from.
    while ((this.#deadLetters[1]?.atMs ?? nowMs) <= nowMs - MINUTE_MS) this.#deadLetters.shift();
    const figure = total - (this.#deadLetters[0]?.total ?? total);
    const details = { dead_letters_per_minute: figure };
    return { key: '', figure, threshold: this.#thresholds.dead_letters_per_minute, details };
  }

  #mailbox({ agentId, mailboxPercent, mailboxMessages }: AgentReading): Look {
    return {
      key: agentId,
      figure: mailboxPercent,
      threshold: this.#thresholds.mailbox_percent,
      details: {
        agent_id: agentId,
        mailbox_percent: round(mailboxPercent),
        mailbox_messages: mailboxMessages,
      },
    };
  }

  #judge(condition: Condition, looks: readonly Look[]): void {
    const begun = this.#begun.get(condition) ?? new Map<string, string | undefined>();
    this.#begun.set(condition, begun);
    const goesOn = new Set<string>();
    let told = 0;
    for (const { key, figure, threshold, details } of looks) {
      if (begun.has(key)) {
        if (figure >= (threshold * LIMITS.alert_end_percent) / 100) goesOn.add(key);
        else this.#end(condition, begun, key, details);
      } else if (figure >= threshold && told < LIMITS.alerts_per_sample) {
        told += 1;
        begun.set(key, agentOf(details));
        goesOn.add(key);
        const shown = YES_OR_NO.has(condition) ? details : { ...details, threshold };
        this.#tell('warning', condition, 'begun', shown);
      }
    }
    // What isn't there any more, as an agent that was removed, has ended as well.
    for (const [key, agentId] of begun) {
      if (goesOn.has(key)) continue;
      this.#end(condition, begun, key, agentId === undefined ? {} : { agent_id: agentId });
    }
  }

  #end(
    condition: Condition,
    begun: Map<string, string | undefined>,
    key: string,
    details: Look['details'],
  ): void {
    begun.delete(key);
    this.#tell('info', condition, 'ended', details);
  }

  #tell(
    severity: 'warning' | 'info',
    condition: Condition,
    state: 'begun' | 'ended',
    details: Look['details'],
  ): void {
    const agentId = agentOf(details);
    const body: EventBody = {
      severity,
      message: WORDS[condition][state],
      details: { condition, state, ...details },
      ...(agentId !== undefined && { agent_id: agentId }),
    };
    this.#events.publish('system.alert', body);
  }
}

function failed({ agentId, name, failure }: AgentReading): Look {
  const error = { code: failure?.code, message: failure?.message };
  return { key: agentId, figure: 1, threshold: 1, details: { agent_id: agentId, name, error } };
}

function agentOf({ agent_id: agentId }: Look['details']): string | undefined {
  return typeof agentId === 'string' ? agentId : undefined;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
