import { LIMITS } from '../base/limits.js';

/** `name` or `name:1.2`: no blanks, no control characters, the version of digits and dots. */
const CAPABILITY = /^[^\s\p{Cc}:]+(?::\d+(?:\.\d+)*)?$/u;

/** Whether an agent may offer something under this name. */
export function isCapability(text: string): boolean {
  return (
    CAPABILITY.test(text) &&
    !text.includes('�') &&
    Buffer.byteLength(text, 'utf8') <= LIMITS.agent_name_bytes
  );
}
