import {
  type Changes,
  type Difference,
  type Differences,
  type Finding,
  KINDS,
  type Kind,
} from '../legacy/difference.js';
import type { Cell } from './output.js';

type SectionKey = keyof Omit<Difference, 'unchanged'>;

/** What an import tells, in this order. */
export const SECTIONS: { key: SectionKey; title: (isApplying: boolean) => string }[] = [
  { key: 'added', title: (isApplying) => (isApplying ? 'added' : 'to add') },
  { key: 'changed', title: (isApplying) => (isApplying ? 'changed' : 'to change') },
  { key: 'leftOut', title: () => 'left out' },
  { key: 'conflicts', title: () => 'conflicts' },
  { key: 'refused', title: () => 'cannot be taken' },
];

/** What one table shows; the others are counted. */
export const MAX_ROWS = 20;
const MAX_VALUE = 60;

/** The first findings of a section, of all kinds, as rows of a table; and how many there are beyond. */
export function findingRows(differences: Differences, key: SectionKey): { rows: Record<string, Cell>[]; more: number } {
  const found = KINDS.flatMap((kind) => differences[kind][key].rows.map((finding) => rowOf(kind, finding)));
  const count = KINDS.reduce((sum, kind) => sum + differences[kind][key].count, 0);
  const rows = found.slice(0, MAX_ROWS);
  return { rows, more: count - rows.length };
}

function rowOf(kind: Kind, { id, name, changes, note }: Finding): Record<string, Cell> {
  const what = [changes && changesText(changes), note].filter(Boolean).join('; ');
  return { kind, id, name: cut(name), what: what || null };
}

function changesText(changes: Changes): string {
  return Object.entries(changes)
    .map(([field, { before, after }]) => `${field}: ${cut(String(before ?? '-'))} → ${cut(String(after ?? '-'))}`)
    .join('; ');
}

function cut(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}
