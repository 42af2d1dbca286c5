/**
 * Thrown by a host call to end the guest's call: misuse (a bad pointer), `abort`, `proc_exit`, no
 * fuel left. The guest can't catch it, since modules with exception handling are refused.
 */
export class HostTrap extends Error {
  override readonly name = 'HostTrap';
}
