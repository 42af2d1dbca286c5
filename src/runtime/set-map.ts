/** Sets under keys; a key without members is not kept. */
export class SetMap<Key, Member> {
  readonly #sets = new Map<Key, Set<Member>>();

  get size(): number {
    return this.#sets.size;
  }

  get(key: Key): ReadonlySet<Member> | undefined {
    return this.#sets.get(key);
  }

  add(key: Key, member: Member): void {
    const set = this.#sets.get(key);
    if (set === undefined) this.#sets.set(key, new Set([member]));
    else set.add(member);
  }

  delete(key: Key, member: Member): void {
    const set = this.#sets.get(key);
    if (set?.delete(member) === true && set.size === 0) this.#sets.delete(key);
  }
}
