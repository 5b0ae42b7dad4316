// How the replaced service read definitions. It checked a crontab with one library, then ran it with Celery, which knows
// less: no Sunday as 7, no names of months. Of an interval it took a whole number and one of five units in the plural.

/** Values of the five fields, sorted. Celery wanted every one of them to match. */
export type CrontabThere = [minute: number[], hour: number[], day: number[], month: number[], weekday: number[]];

/** The values that a field can have: `size` of them from `min` on. */
export interface FieldRange {
  min: number;
  size: number;
}

export const FIELD_RANGES: readonly FieldRange[] = [
  { min: 0, size: 60 },
  { min: 0, size: 24 },
  { min: 1, size: 31 },
  { min: 1, size: 12 },
  { min: 0, size: 7 },
];

const ALIASES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/**
 * Returns the texts of the five fields that ran: a sixth field was the year, a seventh in front the seconds, and both
 * were ignored. Null if there are fewer or more.
 */
export function fieldsThere(text: string): string[] | null {
  const lower = text.trim().toLowerCase();
  const fields = (ALIASES[lower] ?? lower).split(/\s+/);
  if (fields.length === 7) fields.shift();
  if (fields.length === 6) fields.pop();
  return fields.length === 5 ? fields : null;
}

/** Returns what ran there by a crontab text; null if Celery refused it, so that it never ran. */
export function crontabThere(text: string): CrontabThere | null {
  const values = fieldsThere(text)?.map((field, i) => fieldThere(field, FIELD_RANGES[i]));
  return values?.every((some) => some !== null) ? (values as CrontabThere) : null;
}

/** Follows Celery's crontab parser, ranges that wrap around their end included. */
function fieldThere(text: string, range: FieldRange): number[] | null {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const some = partThere(part, range);
    if (!some) return null;
    for (const value of some) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function partThere(part: string, { min, size }: FieldRange): number[] | null {
  const [, star, from, to, step] = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part) ?? [];
  if (step !== undefined && (Number(step) === 0 || (!star && to === undefined))) return null;
  const first = star ? min : valueThere(from, min, size);
  const last = star ? min + size - 1 : to === undefined ? first : valueThere(to, min, size);
  if (first === null || last === null) return null;
  const count = last >= first ? last - first + 1 : last - first + 1 + size;
  const all = Array.from({ length: count }, (_, i) => min + ((first - min + i) % size));
  return all.filter((_, i) => i % Number(step ?? 1) === 0);
}

function valueThere(text: string | undefined, min: number, size: number): number | null {
  if (text === undefined) return null;
  // Celery took the name of a weekday in every field, and looked at its first three letters.
  const value = /^\d+$/.test(text) ? Number(text) : DAYS.indexOf(text.slice(0, 3));
  return value >= min && value < min + size ? value : null;
}

const MICROSECONDS_PER: Readonly<Record<string, number>> = {
  days: 86_400_000_000,
  hours: 3_600_000_000,
  minutes: 60_000_000,
  seconds: 1_000_000,
  microseconds: 1,
};
const MAX_EVERY = 2_147_483_647;

/** An interval as it ran there. Without a pause, if `every` is not positive. */
export interface IntervalThere {
  every: number;
  unit: string;
  microseconds: number;
}

/** Returns what ran there by an interval text; null if the replaced service could not read it, so that it never ran. */
export function intervalThere(text: string): IntervalThere | null {
  const [, number, unit] = /^\s*([+-]?\d+(?:_\d+)*)\s+([a-z]+)\s*$/.exec(text) ?? [];
  if (number === undefined || unit === undefined || !Object.hasOwn(MICROSECONDS_PER, unit)) return null;
  const every = Number(number.replaceAll('_', ''));
  if (Math.abs(every) > MAX_EVERY) return null;
  return { every, unit, microseconds: every * MICROSECONDS_PER[unit] };
}
