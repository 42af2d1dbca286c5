/** Before the name of a capability: the one of its providers that has least to do. */
export const CAPABILITY = 'capability:';
/** Before the name of a capability: all of its providers. */
export const BROADCAST = 'broadcast:';

/** Whether a name stands for the providers of a capability. */
export function isGroup(receiver: string): boolean {
  return receiver.startsWith(CAPABILITY) || receiver.startsWith(BROADCAST);
}
