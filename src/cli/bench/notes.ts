import { LOCAL_CODES } from './connection-lane.js';
import type { BenchResult } from './result.js';
import { count, numbered, percent } from './units.js';

type Figures = Omit<BenchResult, 'notes'>;

/** A thread that is busy for this share of the time is what limits a load, or nearly so. */
const BUSY = 0.9;
/** Part of the messages that may be missed, or late, without a word. */
const MISSED = 0.01;
const LATE = 0.01;
/** Acts by which an agent says that it did not do what it was asked. */
const NEGATIVE = ['failure', 'refuse', 'not-understood'];

/** What may be wrong with the figures, and how to mend it. */
export function notesOn(figures: Figures): string[] {
  return [
    ...(figures.interrupted ? ['It was stopped before its end.'] : []),
    ...rateNotes(figures),
    ...generatorNotes(figures),
    ...replyNotes(figures),
    ...figures.errors.flatMap(({ code }) => ADVICE[code] ?? []),
  ];
}

function rateNotes({ settings, messages }: Figures): string[] {
  const { rate_per_second: rate, connections, in_flight } = settings;
  const due = messages.sent + messages.unsent;
  if (rate === null || messages.unsent <= due * MISSED) return [];
  const places = count(connections * in_flight);
  return [
    `The rate was not reached: ${count(messages.answered_per_second)} of ${count(rate)} messages/s. ${numbered(messages.unsent, 'message')} ${were(messages.unsent)} due and never sent, as all ${places} places on connections were taken: where the server could do more, raise --connections or --in-flight.`,
  ];
}

function generatorNotes({ settings, generator, messages, machine }: Figures): string[] {
  const notes: string[] = [];
  if (generator.utilization >= BUSY) {
    const more =
      settings.threads < machine.cores
        ? `try --threads ${Math.min(machine.cores, settings.threads * 2)}, or run it on another machine than the server's`
        : "run it on another machine than the server's";
    notes.push(
      `The load generator was busy for ${percent(generator.utilization)} of the time: these figures may be its limit, and its own delay is part of the latencies; ${more}.`,
    );
  }
  if (generator.late > messages.sent * LATE) {
    notes.push(
      `The load generator sent ${numbered(generator.late, 'message')} late by itself; that is part of the latencies.`,
    );
  }
  return notes;
}

const were = (times: number): string => (times === 1 ? 'was' : 'were');

function replyNotes({ replies }: Figures): string[] {
  return NEGATIVE.flatMap((act) => {
    const times = replies[act] ?? 0;
    if (times === 0) return [];
    return [
      `${count(times)} ${times === 1 ? 'reply was' : 'replies were'} ${act}: that counts as answered; "caxton agent logs" and "caxton dead-letter list" tell more.`,
    ];
  });
}

const ADVICE: Readonly<Record<string, string>> = {
  RATE_LIMITED:
    'The rate limit of the server was measured and not the server: raise rate_limits.messages of the server or of the token, or start it with --no-rate-limits.',
  RESOURCE_LIMIT_EXCEEDED:
    'Mailboxes were full: agents handle less than was sent. Lower --rate, or give the agents more resources.instances or a larger resources.mailbox.',
  TIMEOUT:
    'Agents did not reply within --timeout. Raise it, or send with --no-wait to agents that do not reply.',
  [LOCAL_CODES.noAnswer]:
    'The server did not answer within --timeout, or was not waited for any longer.',
  [LOCAL_CODES.unreachable]:
    'Connections could not be made or were lost; the log of the server may tell why.',
};
