import { isEmail } from 'class-validator';
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
