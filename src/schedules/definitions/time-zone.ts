import { DefinitionError } from './definition-error.js';
import { BoundedCache } from './bounded-cache.js';

/**
 * Clock time in a zone is written as the milliseconds that UTC would have with the same clock ("wall"), so that both
 * sides are plain numbers: wall = instant + offset.
 */
export type ClockReading =
  | { kind: 'once'; at: number }
  /** the hour is repeated in autumn */
  | { kind: 'twice'; first: number; second: number }
  /** the hour is left out in spring; `end` is the first instant after the gap */
  | { kind: 'skipped'; end: number };

const DAY_MS = 86_400_000;

// There are about 600 zones, but Intl ignores case, so that texts of a zone have no bound.
const formats = new BoundedCache<string, Intl.DateTimeFormat>(600);

/** @throws DefinitionError when the zone is not known */
export function assertTimeZone(timeZone: string): void {
  formatOf(timeZone);
}

export function wallAt(timeZone: string, instant: number): number {
  return instant + offsetAt(timeZone, instant);
}

/** The instants at which the clock of the zone shows `wall`. */
export function readClock(timeZone: string, wall: number): ClockReading {
  // No zone is more than 15 hours off UTC, and none changes twice within two days.
  const before = offsetAt(timeZone, wall - DAY_MS);
  const after = offsetAt(timeZone, wall + DAY_MS);
  const [byOld, byNew] = [wall - before, wall - after];
  if (before === after) return { kind: 'once', at: byOld };

  const oldHolds = offsetAt(timeZone, byOld) === before;
  const newHolds = offsetAt(timeZone, byNew) === after;
  if (oldHolds && newHolds) return { kind: 'twice', first: byOld, second: byNew };
  if (oldHolds) return { kind: 'once', at: byOld };
  if (newHolds) return { kind: 'once', at: byNew };
  return { kind: 'skipped', end: findTransition(timeZone, byNew, byOld) };
}

/** The first instant with another offset than `from` has, which must be at or before `to`; zones change on seconds. */
export function findTransition(timeZone: string, from: number, to: number): number {
  const offset = offsetAt(timeZone, from);
  let [low, high] = [Math.floor(from / 1_000), Math.ceil(to / 1_000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(timeZone, middle * 1_000) === offset) low = middle;
    else high = middle;
  }
  return high * 1_000;
}

/** Milliseconds east of UTC. */
function offsetAt(timeZone: string, instant: number): number {
  if (timeZone === 'UTC') return 0;
  const second = Math.floor(instant / 1_000) * 1_000;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(second)) parts[type] = Number(value);
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - second;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return formats.get(timeZone, () => {
    try {
      return new Intl.DateTimeFormat('en-US-u-ca-iso8601', {
        timeZone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      throw new DefinitionError(`unknown time zone "${timeZone}"`);
    }
  });
}
