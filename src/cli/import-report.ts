import type { Changes, Difference, Finding, Kind } from '../legacy/difference.js';
import type { Cell } from './output.js';

/** What an import tells, in this order. */
export const SECTIONS: { key: keyof Omit<Difference, 'unchanged'>; title: (isApplying: boolean) => string }[] = [
  { key: 'added', title: (isApplying) => (isApplying ? 'added' : 'to add') },
  { key: 'changed', title: (isApplying) => (isApplying ? 'changed' : 'to change') },
  { key: 'leftOut', title: () => 'left out' },
  { key: 'conflicts', title: () => 'conflicts' },
  { key: 'refused', title: () => 'cannot be taken' },
];

const MAX_ROWS = 20;
const MAX_VALUE = 60;

/** The first findings as rows of a table, and how many there are beyond. */
export function findingRows(found: [Kind, Finding][]): { rows: Record<string, Cell>[]; more: number } {
  const rows = found.slice(0, MAX_ROWS).map(([kind, { id, name, changes, note }]) => ({
    kind,
    id,
    name: cut(name),
    what: [changes && changesText(changes), note].filter(Boolean).join('; ') || null,
  }));
  return { rows, more: found.length - rows.length };
}

function changesText(changes: Changes): string {
  return Object.entries(changes)
    .map(([field, { before, after }]) => `${field}: ${cut(String(before ?? '-'))} → ${cut(String(after ?? '-'))}`)
    .join('; ');
}

function cut(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}
