import { isEmail } from 'class-validator';
import { UuidPipe } from '../http/identifiers.pipe.js';
import { UsageError } from './faults.js';

// Readers of what stands on the command line.

export function emailAddress(value: string): string {
  const address = value.trim();
  if (!isEmail(address, { require_tld: false })) throw new UsageError(`'${value}' is not an email address`);
  return address;
}

/** Asked for by the command itself: the library would complain of it before it has seen a misspelt name. */
export function required<T>(value: T | undefined, flags: string): T {
  if (value === undefined) throw new UsageError(`required option '${flags}' not specified`);
  return value;
}

/** @throws UsageError unless it is a whole number from `min` on */
export function wholeNumber(value: string, min: number, flags: string): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (!(number >= min)) throw new UsageError(`option '${flags}' takes a whole number from ${min} on`);
  return number;
}

/** With or without hyphens. @throws UsageError */
export function scheduleId(value: string): string {
  try {
    return new UuidPipe().transform(value);
  } catch {
    throw new UsageError(`'${value}' is not the id of a schedule`);
  }
}

const PER_UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An instant (RFC 3339), a day (its beginning in UTC), or a time from now on. @throws UsageError unless it is to come */
export function futureInstant(value: string, flags: string, now: Date): Date {
  const [, number, unit] = /^(\d{1,5})([mhd])$/.exec(value) ?? [];
  const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/i.test(value);
  const instant = unit
    ? new Date(now.getTime() + Number(number) * PER_UNIT_MS[unit as keyof typeof PER_UNIT_MS])
    : new Date(isInstant ? value : NaN);
  if (!(instant > now)) throw new UsageError(`option '${flags}' takes an instant to come`);
  return instant;
}
