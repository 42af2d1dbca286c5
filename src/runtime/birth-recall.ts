import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import type { Store } from '../store/store.js';
import type { ConversationBirths } from './conversation-births.js';
import type { Directory } from './directory.js';

/**
 * After a restart: learns from the history when conversations began, as far as they had a message
 * to an agent since then, for as many of them as are remembered. Where the history can't be read,
 * conversations begin anew, which is better than no server.
 * @param sinceMs milliseconds since the Unix epoch
 */
export async function recallBirths(
  births: ConversationBirths,
  store: Store,
  directory: Directory,
  sinceMs: number,
  logger: Logger,
): Promise<void> {
  let messages = 0;
  try {
    await store.walkHistory(sinceMs, ({ receiver, conversationId, timestampUs }) => {
      messages += 1;
      if (directory.find(receiver) !== undefined) {
        births.recall(conversationId, Math.floor(timestampUs / 1_000));
      }
      return messages < LIMITS.birth_recall_messages && !births.full;
    });
  } catch (error) {
    logger.warn({ err: error }, 'the history does not tell when conversations began');
  }
}
