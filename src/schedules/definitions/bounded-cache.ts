/** Keeps the values that were made last, at most `capacity` of them. */
export class BoundedCache<K, V> {
  private readonly entries = new Map<K, V>();

  constructor(private readonly capacity: number) {}

  /** The kept value, or the one that `make` returns; what throws is not kept. */
  get(key: K, make: () => V): V {
    const kept = this.entries.get(key);
    if (kept !== undefined) return kept;
    const made = make();
    if (this.entries.size >= this.capacity) this.entries.delete(this.entries.keys().next().value as K);
    this.entries.set(key, made);
    return made;
  }

  get size(): number {
    return this.entries.size;
  }
}
