import { DefinitionError } from './definition-error.js';

const UNIT_MICROSECONDS: Record<string, number> = {
  day: 86_400_000_000,
  hour: 3_600_000_000,
  minute: 60_000_000,
  second: 1_000_000,
  microsecond: 1,
};
const MIN_MS = 1_000;
const MAX_MS = 3_650 * 86_400_000;

/**
 * The period of an interval text such as `90 seconds`.
 *
 * @returns whole milliseconds, from one second to ten years (of 365 days)
 * @throws DefinitionError
 */
export function parseInterval(text: string): number {
  const parts = /^(\S+)\s+(\S+)$/.exec(text.trim());
  if (!parts) throw new DefinitionError('expected a number and a unit, such as "10 minutes"');
  const [, number = '', unit = ''] = parts;
  if (!/^\d{1,18}$/.test(number) || Number(number) === 0) {
    throw new DefinitionError(`"${number}" is not a positive whole number`);
  }
  const factor = UNIT_MICROSECONDS[unit.toLowerCase().replace(/s$/, '')];
  if (!factor) {
    throw new DefinitionError(`unknown unit "${unit}", expected days, hours, minutes, seconds or microseconds`);
  }
  const periodMs = (Number(number) * factor) / 1000;
  if (periodMs < MIN_MS) throw new DefinitionError('an interval must be at least 1 second');
  if (periodMs > MAX_MS) throw new DefinitionError('an interval must be at most 10 years (3650 days)');
  if (!Number.isInteger(periodMs)) throw new DefinitionError('an interval must be a whole number of milliseconds');
  return periodMs;
}

/** The first instant after `after` that lies whole periods behind `phase`. */
export function nextIntervalTick(periodMs: number, phase: Date, after: Date): Date {
  const elapsed = after.getTime() - phase.getTime();
  return new Date(phase.getTime() + (Math.floor(elapsed / periodMs) + 1) * periodMs);
}

/**
 * The phase of an interval that starts now: its ticks are `start` plus whole periods, `start` being cut to the second.
 * Given as the earliest such instant from 1970 on, so that schedules with the same ticks share a trigger.
 */
export function phaseOf(periodMs: number, start: Date): Date {
  const anchor = Math.floor(start.getTime() / 1000) * 1000;
  return new Date(anchor % periodMs);
}
