/** What an import tells apart. */
export const KINDS = ['group', 'user', 'membership', 'token', 'schedule'] as const;
export type Kind = (typeof KINDS)[number];

/** A value that can be shown; secrets are masked. */
export type Shown = string | number | boolean | null;

/** What a field is here and what it becomes. */
export type Changes = Record<string, { before: Shown; after: Shown }>;

/** One row of the replaced service, and what was found out about it. */
export interface Finding {
  id: string;
  /** what people know it by; never a secret */
  name: string;
  changes?: Changes;
  /** why it is left, or what is to be known about one that is taken */
  note?: string;
}

/** How many findings of each sort and kind are kept: there may be a million. */
export interface Keep {
  /** of those with a note */
  noted: number;
  plain: number;
}

/** Findings of one sort: all are counted, and the first ones kept, with notes and without. */
export class Findings {
  count = 0;
  /** how many of them have a note */
  noted = 0;
  // Not shown where findings are.
  readonly #keep: Keep;
  readonly #noted: Finding[] = [];
  readonly #plain: Finding[] = [];

  constructor(keep: Keep) {
    this.#keep = keep;
  }

  push(finding: Finding): void {
    this.count++;
    const hasNote = finding.note !== undefined;
    if (hasNote) this.noted++;
    const [rows, max] = hasNote ? [this.#noted, this.#keep.noted] : [this.#plain, this.#keep.plain];
    if (rows.length < max) rows.push(finding);
  }

  /** Those kept, the ones with a note first. */
  get rows(): Finding[] {
    return [...this.#noted, ...this.#plain];
  }

  toJSON(): { count: number; rows: Finding[] } {
    return { count: this.count, rows: this.rows };
  }
}

/** One kind's rows. What is the same on both sides is counted only. */
export class Difference {
  readonly added: Findings;
  readonly changed: Findings;
  /** here, and to be here no longer */
  readonly removed: Findings;
  /** not wanted here, by rule */
  readonly leftOut: Findings;
  /** came from there, is no longer there, and stays here */
  readonly gone: Findings;
  /** changed or removed here, so what the replaced service has is not taken unless asked for */
  readonly conflicts: Findings;
  /** cannot be taken */
  readonly refused: Findings;
  unchanged = 0;

  constructor(keep: Keep) {
    this.added = new Findings(keep);
    this.changed = new Findings(keep);
    this.removed = new Findings(keep);
    this.leftOut = new Findings(keep);
    this.gone = new Findings(keep);
    this.conflicts = new Findings(keep);
    this.refused = new Findings(keep);
  }
}

export type Differences = Record<Kind, Difference>;

export function noDifferences(keep: Keep): Differences {
  return Object.fromEntries(KINDS.map((kind) => [kind, new Difference(keep)])) as Differences;
}

/** How many rows are not as the replaced service has them, and should be. */
export function faultsOf(differences: Differences): number {
  return KINDS.reduce((sum, kind) => sum + differences[kind].conflicts.count + differences[kind].refused.count, 0);
}
