/** What a rotation found and did with one kind of secret. */
export interface RotatedKind {
  kind: string;
  /** sealed anew; in a dry run: those that would be */
  resealed: number;
  /** were under the current key already */
  current: number;
  /** cannot be opened, and were left as they are; the first thousand of them by id */
  unreadable: { count: number; ids: string[] };
  /** were changed by others each time they were to be written: run it again */
  busy: number;
  /**
   * Under which keys the secrets were found, the configured ones first. A former key whose count is 0 everywhere is not
   * needed any more. `name` is the setting that has the key, null for one that none has.
   */
  keys: { id: string; name: string | null; count: number }[];
}

const MAX_IDS = 1_000;

/** Counts for `RotatedKind`. */
export class RotationReport {
  resealed = 0;
  current = 0;
  busy = 0;
  private unreadableCount = 0;
  private readonly unreadableIds: string[] = [];
  private readonly keys: Map<string, { name: string | null; count: number }>;

  constructor(
    private readonly kind: string,
    configured: { id: string; name: string }[],
  ) {
    this.keys = new Map(configured.map(({ id, name }) => [id, { name, count: 0 }]));
  }

  /** One secret more under this key. */
  found({ id, name }: { id: string; name: string | null }): void {
    const known = this.keys.get(id) ?? { name, count: 0 };
    known.count++;
    this.keys.set(id, known);
  }

  unreadable(id: string): void {
    this.unreadableCount++;
    if (this.unreadableIds.length < MAX_IDS) this.unreadableIds.push(id);
  }

  result(): RotatedKind {
    const { kind, resealed, current, busy } = this;
    const unreadable = { count: this.unreadableCount, ids: this.unreadableIds };
    const keys = [...this.keys].map(([id, { name, count }]) => ({ id, name, count }));
    return { kind, resealed, current, unreadable, busy, keys };
  }
}
