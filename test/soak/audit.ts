import type { MessageAnswer } from '../api/driver.js';
import { historyOf } from '../faults/load.js';
import type { Account, Sent } from './account.js';
import { subjectOf } from './population.js';
import type { World } from './world.js';

interface ErrorContent {
  readonly error?: { readonly code: string; readonly message: string };
}

/** What the accounts of a round came to. */
export interface AuditReport {
  accepted: number;
  answered: number;
  /** Answers that are failures, each explained. */
  failures: number;
  /** Persisted messages that were on the disk when the process was killed. */
  persisted: number;
  /** Messages without `persist` of which a killed process left nothing, as documented. */
  forgotten: number;
}

const WORKER_DIED = /^Worker \d+ died while/;

/**
 * Holds a round's accounts against the history of a server at rest: each accepted message is there
 * once and has one answer, in order for each pair; a refused one is not there; of what a killed
 * process had, the persisted ones are there. What differs is an unexplained error.
 */
export async function audit(world: World): Promise<AuditReport> {
  const report: AuditReport = { accepted: 0, answered: 0, failures: 0, persisted: 0, forgotten: 0 };
  for (const account of world.accounts) {
    const { url } = world.server;
    const sent = byReference(await historyOf(url, account.name), 'reply_with');
    const answers = await historyOf(url, account.name, 'receiver');
    const auditor = new Auditor(world, report, account, sent, byReference(answers, 'in_reply_to'));
    auditor.checkMessages();
    auditor.checkOrder(answers);
  }
  return report;
}

type Messages = ReadonlyMap<string, readonly MessageAnswer[]>;

function byReference(
  messages: readonly MessageAnswer[],
  field: 'reply_with' | 'in_reply_to',
): Messages {
  const groups = new Map<string, MessageAnswer[]>();
  for (const message of messages) {
    const reference = message[field] ?? '';
    const group = groups.get(reference);
    if (group === undefined) groups.set(reference, [message]);
    else group.push(message);
  }
  return groups;
}

class Auditor {
  readonly #world: World;
  readonly #report: AuditReport;
  readonly #account: Account;
  readonly #sent: Messages;
  readonly #answers: Messages;

  constructor(
    world: World,
    report: AuditReport,
    account: Account,
    sent: Messages,
    answers: Messages,
  ) {
    this.#world = world;
    this.#report = report;
    this.#account = account;
    this.#sent = sent;
    this.#answers = answers;
  }

  checkMessages(): void {
    for (const [replyWith, entry] of this.#account.sent) {
      const copies = this.#sent.get(replyWith) ?? [];
      const answers = this.#answers.get(replyWith) ?? [];
      const problem =
        this.#ending(entry) === 'killed'
          ? this.#afterKill(entry, copies, answers)
          : this.#inPeace(entry, copies, answers);
      if (problem !== undefined) {
        this.#world.book.unexplained.push(
          `${replyWith} to ${entry.agent}, ${entry.state}: ${problem}`,
        );
      }
      for (const answer of answers) this.#checkAnswer(replyWith, entry, answer);
    }
  }

  /** Answers come in the order in which the messages were accepted, in each conversation. */
  checkOrder(answers: readonly MessageAnswer[]): void {
    const last = new Map<string, number>();
    for (const answer of answers) {
      const entry = this.#account.sent.get(answer.in_reply_to ?? '');
      if (answer.performative !== 'inform' || entry === undefined) continue;
      if (this.#ending(entry) === 'killed') continue;
      const pair = `${answer.sender} ${answer.conversation_id}`;
      if (entry.sequence <= (last.get(pair) ?? -1)) {
        this.#world.book.unexplained.push(`${answer.in_reply_to}: answered out of order`);
      }
      last.set(pair, entry.sequence);
    }
  }

  get #kills(): number {
    return this.#world.server.endings.filter((ending) => ending === 'killed').length;
  }

  #ending({ epoch }: Sent) {
    return this.#world.server.endings[epoch];
  }

  #inPeace(
    { state, messageId }: Sent,
    copies: readonly MessageAnswer[],
    answers: readonly MessageAnswer[],
  ): string | undefined {
    const expected =
      state === 'accepted' ? 1 : state === 'refused' ? 0 : Math.min(copies.length, 1);
    this.#report.accepted += expected;
    this.#report.answered += answers.length;
    if (copies.length !== expected) return `${copies.length} times in the history`;
    if (messageId !== undefined && copies[0]?.message_id !== messageId) return 'under another id';
    return answers.length === expected ? undefined : `${answers.length} answers`;
  }

  #afterKill(
    { state, messageId, persist }: Sent,
    copies: readonly MessageAnswer[],
    answers: readonly MessageAnswer[],
  ): string | undefined {
    if (copies.length > 1) return `${copies.length} times in the history`;
    // A persisted message is handled again by each next start that doesn't know that it was.
    if (answers.length > (persist ? 1 + this.#kills : 1)) return `${answers.length} answers`;
    if (state === 'refused') return copies.length === 0 ? undefined : 'there all the same';
    if (state === 'doubtful') return undefined;
    this.#report.accepted += 1;
    this.#report.answered += answers.length;
    if (copies.length === 0) this.#report.forgotten += 1;
    if (!persist) return undefined;
    this.#report.persisted += 1;
    if (copies[0]?.message_id !== messageId) return 'persisted, and not in the history';
    return answers.length > 0 ? undefined : 'persisted, and not handled';
  }

  #checkAnswer(replyWith: string, entry: Sent, answer: MessageAnswer): void {
    const { performative, content } = answer;
    const sequence = (content as { sequence?: number } | undefined)?.sequence;
    const isAnswer = entry.agent === 'counter' || sequence === entry.sequence;
    if (performative === 'inform' && isAnswer) return;
    this.#report.failures += 1;
    const why = performative === 'failure' ? this.#whyFailed(entry, content) : undefined;
    if (why !== undefined) {
      this.#world.book.count(`failure: ${why}`);
      return;
    }
    this.#world.book.unexplained.push(
      `${replyWith} to ${entry.agent}: ${performative} ${JSON.stringify(content)}`,
    );
  }

  #whyFailed(entry: Sent, content: unknown): string | undefined {
    const { code, message = '' } = (content as ErrorContent | undefined)?.error ?? {};
    if (WORKER_DIED.test(message) && this.#world.server.threadsEnded > 0) {
      return 'the worker ended with the message in hand';
    }
    const ended = subjectOf(entry.agent) === 'unsteady' || this.#ending(entry) !== undefined;
    const gone = code === 'UNAVAILABLE' || code === 'AGENT_NOT_FOUND';
    return gone && ended ? 'the agent was stopped, or gone' : undefined;
  }
}
