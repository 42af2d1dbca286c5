/** What a new version has done since its first instance began, in this process. */
export interface VersionFigures {
  /** Messages that it has handled, those that it failed included. */
  readonly messages: number;
  readonly failed: number;
  /** From acceptance to the end of handling; 0 while there are none. */
  readonly latencyP99Ms: number;
}

/**
 * What a deployment may do to the two versions of one agent, the old and the new. The runtime
 * provides it; strategies and the engine know nothing else of instances, workers and routing.
 *
 * Numbers of instances are totals, never differences, and every call may be repeated: after a
 * restart the engine says again what it had said before. At most one call that waits is under way
 * at a time, but for `rollBack`, which may come while `startNew`, `checkNew` or `retireOld` still
 * waits: it undoes that call's work too, and whatever becomes of its promise is ignored.
 */
export interface VersionControl {
  /**
   * Whether `finish` was done before a restart, because the agent's stored record already names
   * this deployment. Read once, before anything is called.
   */
  readonly finished: boolean;

  /**
   * Brings the new version to so many instances, each started, with `agent_init` (and for a hot
   * reload `migrate_state`) passed. They get no conversation before `setShare` gives them some.
   * @throws CaxtonError what kept an instance from starting
   */
  startNew(instances: number): Promise<void>;

  /**
   * Whether every instance of the new version is up and takes messages.
   * @throws CaxtonError what is wrong with one of them
   */
  checkNew(): Promise<void>;

  /**
   * Sends this share of new conversations to the new version and the rest to the old one, from the
   * next message on. A conversation stays on the version on which it began.
   * @param percent a whole number, 0 to 100
   * @param sinceMs the millisecond of the decision, since the Unix epoch: now, or before a restart
   */
  setShare(percent: number, sinceMs: number): void;

  /**
   * Ends so many of the old version's instances in all, each when its conversations are done, which
   * this doesn't wait for.
   */
  retireOld(instances: number): Promise<void>;

  /**
   * Makes the new version the agent's version, durably, and lets the old one go when its last
   * conversations are done, which this doesn't wait for. The only call that can't be undone.
   * @throws CaxtonError when nothing was changed: the old version is still the agent's
   */
  finish(): Promise<void>;

  /**
   * Brings the old version back to all of its instances, gives it every conversation, and ends the
   * instances of the new one, drained within `LIMITS.grace_period_default_s`. Also called when no
   * instance of the new version has started; what was kept for that version is let go here.
   * @throws CaxtonError when the old version could not be brought back
   */
  rollBack(): Promise<void>;

  figures(): VersionFigures;
}
