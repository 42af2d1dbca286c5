import { timeOfId } from '../base/ids.js';

const MESSAGE_ID = /^msg_[0-9A-HJKMNP-TV-Z]{26}$/;

/** The time in a message id in µs; undefined when the id isn't of the server's form. */
export function idTimeUs(messageId: string): number | undefined {
  return MESSAGE_ID.test(messageId) ? timeOfId(messageId.slice(4)) * 1_000 : undefined;
}
