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

/** One kind's rows. What is the same on both sides is counted only. */
export class Difference {
  readonly added: Finding[] = [];
  readonly changed: Finding[] = [];
  /** not wanted here, by rule */
  readonly leftOut: Finding[] = [];
  /** changed or removed here, so what the replaced service has is not taken unless asked for */
  readonly conflicts: Finding[] = [];
  /** cannot be taken */
  readonly refused: Finding[] = [];
  unchanged = 0;
}

export type Differences = Record<Kind, Difference>;

export function noDifferences(): Differences {
  return Object.fromEntries(KINDS.map((kind) => [kind, new Difference()])) as Differences;
}

/** How many rows are not as the replaced service has them, and should be. */
export function faultsOf(differences: Differences): number {
  return KINDS.reduce((sum, kind) => sum + differences[kind].conflicts.length + differences[kind].refused.length, 0);
}
