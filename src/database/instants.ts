import { types } from 'pg';

/** What `-infinity` is read as. PostgreSQL can store it. */
export const EARLIEST_INSTANT = new Date(Date.UTC(-4712, 0, 1));
/** What `infinity`, and each instant later than a Date can hold, is read as. PostgreSQL can store it. */
export const LATEST_INSTANT = new Date(8.64e15);

const TIMESTAMPTZ: number = types.builtins.TIMESTAMPTZ;
/** timestamptz[] */
const TIMESTAMPTZ_ARRAY = 1185;

type Parser = (text: string) => unknown;

/**
 * Reads a `timestamptz` as PostgreSQL writes it. The result is always a valid Date: pg itself returns a number for an
 * infinite instant and an Invalid Date for one after the year 275760, and both break code that expects a Date.
 *
 * @throws Error when the text is not an instant
 */
export function parseInstant(text: string): Date {
  const read = withinRange((types.getTypeParser(TIMESTAMPTZ) as Parser)(text));
  if (!(read instanceof Date)) throw new Error(`PostgreSQL returned "${text}", which is not an instant`);
  return read;
}

/** Returns false for a Date that stands for an instant outside the range of Date. */
export function isExactInstant(instant: Date): boolean {
  return instant > EARLIEST_INSTANT && instant < LATEST_INSTANT;
}

/** How every connection reads the values of results. */
export const RESULT_TYPES = {
  getTypeParser(id: number, format?: 'text' | 'binary'): Parser {
    if (format !== 'binary' && id === TIMESTAMPTZ) return parseInstant;
    const parse = types.getTypeParser(id, format) as Parser;
    return format !== 'binary' && id === TIMESTAMPTZ_ARRAY ? (text) => withinRange(parse(text)) : parse;
  },
};

/** Replaces what is no valid Date by one, within arrays too. */
function withinRange(read: unknown): unknown {
  if (Array.isArray(read)) return read.map(withinRange);
  if (read === -Infinity) return new Date(EARLIEST_INSTANT);
  if (read === Infinity || (read instanceof Date && Number.isNaN(read.getTime()))) return new Date(LATEST_INSTANT);
  return read;
}
