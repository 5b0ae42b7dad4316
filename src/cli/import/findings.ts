import {
  type Changes,
  type Difference,
  type Differences,
  type Finding,
  KINDS,
  type Kind,
} from '../../legacy/difference.js';
import type { Cell } from '../output.js';

export type SectionKey = keyof Omit<Difference, 'unchanged' | 'constructor'>;

/** A part of the report; the hint says what can be done about its rows. */
interface Section {
  key: SectionKey;
  title: (isApplying: boolean) => string;
  hint?: string;
}

/** What an import tells, in this order. */
export const SECTIONS: Section[] = [
  { key: 'added', title: (isApplying) => (isApplying ? 'added' : 'to add') },
  { key: 'changed', title: (isApplying) => (isApplying ? 'changed' : 'to change') },
  { key: 'removed', title: (isApplying) => (isApplying ? 'removed' : 'to remove') },
  { key: 'leftOut', title: () => 'left out' },
  { key: 'gone', title: () => 'gone there', hint: '--prune removes them.' },
  { key: 'conflicts', title: () => 'conflicts', hint: '--overwrite takes them from there.' },
  { key: 'refused', title: () => 'cannot be taken', hint: '--apply-proposals takes what is proposed.' },
];

/** What one table shows of rows with a note, and of rows without; the others are counted. */
export const MAX_ROWS = { noted: 1_000, plain: 20 };
const MAX_VALUE = 60;

/** The first findings of a section, of all kinds, those with a note first, as rows of a table; and how many more. */
export function findingRows(differences: Differences, key: SectionKey): { rows: Record<string, Cell>[]; more: number } {
  const found = findingsOf(differences, key);
  const noted = found.filter(({ finding }) => finding.note !== undefined).slice(0, MAX_ROWS.noted);
  const plain = found.filter(({ finding }) => finding.note === undefined).slice(0, MAX_ROWS.plain);
  const count = KINDS.reduce((sum, kind) => sum + differences[kind][key].count, 0);
  const rows = [...noted, ...plain].map(({ kind, finding }) => ({
    ...{ kind, id: finding.id, name: cut(finding.name) },
    what: whatOf(finding, cut) || null,
  }));
  return { rows, more: count - rows.length };
}

/** All that was kept of a section. */
export function findingsOf(differences: Differences, key: SectionKey): { kind: Kind; finding: Finding }[] {
  return KINDS.flatMap((kind) => differences[kind][key].rows.map((finding) => ({ kind, finding })));
}

/** Changes and note in words. @param shown what is shown of a value */
export function whatOf({ changes, note }: Finding, shown: (value: string) => string = (value) => value): string {
  return [note, changes && changesText(changes, shown)].filter(Boolean).join('; ');
}

function changesText(changes: Changes, shown: (value: string) => string): string {
  return Object.entries(changes)
    .map(([field, { before, after }]) => `${field}: ${shown(String(before ?? '-'))} → ${shown(String(after ?? '-'))}`)
    .join('; ');
}

function cut(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}
