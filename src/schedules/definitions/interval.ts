import { DefinitionError, assertDefinitionLength } from './definition-error.js';

const MICROSECONDS_PER: Readonly<Record<string, number>> = {
  day: 86_400_000_000,
  hour: 3_600_000_000,
  minute: 60_000_000,
  second: 1_000_000,
  microsecond: 1,
};

export const MIN_INTERVAL_MS = 1_000;
/** 10 years of 365 days. */
export const MAX_INTERVAL_MS = 3_650 * 86_400_000;

/** The last instant a Date can hold. */
const END_OF_TIME_MS = 8.64e15;

/**
 * Reads `<positive integer> <days|hours|minutes|seconds|microseconds>`, singular too, in any case.
 * From 1 second to 3,650 days, in whole milliseconds, since a Date holds no finer instant.
 *
 * @returns the period in milliseconds
 * @throws DefinitionError
 */
export function parseInterval(text: string): number {
  assertDefinitionLength(text);
  const words = text.trim().split(/\s+/);
  const [number, unit] = words;
  if (words.length !== 2) {
    throw new DefinitionError(`expected an interval such as "5 minutes", found "${text.trim()}"`);
  }
  if (!/^[+-]?\d+$/.test(number)) {
    throw new DefinitionError(`"${words.join(' ')}": "${number}" is not a whole number`);
  }
  if (Number(number) <= 0) throw new DefinitionError(`"${words.join(' ')}": the number must be positive`);
  if (number.startsWith('+')) throw new DefinitionError(`"${words.join(' ')}": write the number without a sign`);

  const periodMs = (Number(number) * microsecondsPer(unit)) / 1_000;
  if (periodMs < MIN_INTERVAL_MS) throw new DefinitionError('interval must be at least 1 second');
  if (periodMs > MAX_INTERVAL_MS) throw new DefinitionError('interval must be at most 10 years (3650 days)');
  if (!Number.isInteger(periodMs)) {
    throw new DefinitionError(`"${words.join(' ')}": an interval must be a whole number of milliseconds`);
  }
  return periodMs;
}

/**
 * The first of the instants `phase` + n * `periodMs`, n >= 1, that is strictly after `after`; null past the end of
 * representable time. All in milliseconds.
 */
export function nextIntervalTick(periodMs: number, phase: number, after: number): number | null {
  const n = Math.max(1, Math.floor((after - phase) / periodMs) + 1);
  const tick = phase + n * periodMs;
  return tick > END_OF_TIME_MS ? null : tick;
}

function microsecondsPer(unit: string): number {
  const singular = unit.toLowerCase().replace(/s$/, '');
  if (!Object.hasOwn(MICROSECONDS_PER, singular)) {
    throw new DefinitionError(`unknown unit "${unit}", expected days, hours, minutes, seconds or microseconds`);
  }
  return MICROSECONDS_PER[singular];
}
