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

/** Findings of one sort: all are counted, and the first ones kept. */
export class Findings {
  count = 0;
  readonly rows: Finding[] = [];
  // Not shown where findings are.
  readonly #keep: number;

  constructor(keep: number) {
    this.#keep = keep;
  }

  push(finding: Finding): void {
    this.count++;
    if (this.rows.length < this.#keep) this.rows.push(finding);
  }
}

/** One kind's rows. What is the same on both sides is counted only. */
export class Difference {
  readonly added: Findings;
  readonly changed: Findings;
  /** not wanted here, by rule */
  readonly leftOut: Findings;
  /** changed or removed here, so what the replaced service has is not taken unless asked for */
  readonly conflicts: Findings;
  /** cannot be taken */
  readonly refused: Findings;
  unchanged = 0;

  constructor(keep: number) {
    this.added = new Findings(keep);
    this.changed = new Findings(keep);
    this.leftOut = new Findings(keep);
    this.conflicts = new Findings(keep);
    this.refused = new Findings(keep);
  }
}

export type Differences = Record<Kind, Difference>;

/** @param keep how many findings of each sort are kept: there may be a million */
export function noDifferences(keep: number): Differences {
  return Object.fromEntries(KINDS.map((kind) => [kind, new Difference(keep)])) as Differences;
}

/** How many rows are not as the replaced service has them, and should be. */
export function faultsOf(differences: Differences): number {
  return KINDS.reduce((sum, kind) => sum + differences[kind].conflicts.count + differences[kind].refused.count, 0);
}
