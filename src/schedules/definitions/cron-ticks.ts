import { BoundedCache } from './bounded-cache.js';
import { type Calendar, calendarOf, nextWall } from './calendar.js';
import { parseCron } from './cron.js';
import { assertTimeZone, findTransition, readClock, wallAt } from './time-zone.js';

interface CompiledCron {
  calendar: Calendar;
  /** neither minute nor hour begins with an asterisk, as in Vixie's cron */
  isFixedTime: boolean;
}

const compiled = new BoundedCache<string, CompiledCron>(1_000);

/** No schedule looks further, and the calendar behind this ends at the year 3000. */
const END_OF_CALENDAR_MS = Date.UTC(2999, 11, 30);

/**
 * The first tick strictly after the instant `after`, in milliseconds, or null when there is none before the year 3000.
 *
 * When the clock changes: a fixed time that the clock leaves out fires once, at the first instant after the gap, and
 * one that it shows twice fires the first time only; with a wildcard minute or hour, it fires whenever the clock shows
 * a matching time.
 *
 * @throws DefinitionError
 */
export function nextCronTick(text: string, timeZone: string, after: number): number | null {
  assertTimeZone(timeZone);
  const { calendar, isFixedTime } = compiled.get(text, () => compile(text));
  if (after >= END_OF_CALENDAR_MS) return null;
  return isFixedTime ? nextFixedTick(calendar, timeZone, after) : nextElapsedTick(calendar, timeZone, after);
}

function compile(text: string): CompiledCron {
  const parsed = parseCron(text);
  return { calendar: calendarOf(parsed), isFixedTime: !parsed.minute.isWildcard && !parsed.hour.isWildcard };
}

function nextFixedTick(calendar: Calendar, timeZone: string, after: number): number | null {
  let wall = nextWall(calendar, wallAt(timeZone, after));
  while (wall !== null) {
    const reading = readClock(timeZone, wall);
    const tick = reading.kind === 'once' ? reading.at : reading.kind === 'twice' ? reading.first : reading.end;
    // Not so while the clock shows an hour for the second time, and for the other times of one gap.
    if (tick > after) return tick;
    wall = nextWall(calendar, wall);
  }
  return null;
}

function nextElapsedTick(calendar: Calendar, timeZone: string, after: number): number | null {
  const wall = wallAt(timeZone, after);
  const tick = firstShown(calendar, timeZone, wall, after);

  // Before the clock is put back, times that it has already shown are still to come.
  const reading = readClock(timeZone, wall);
  if (reading.kind !== 'twice' || reading.first !== after) return tick;
  const putBack = findTransition(timeZone, after, reading.second);
  const repeated = firstShown(calendar, timeZone, wallAt(timeZone, putBack) - 1, putBack - 1);
  return tick === null || (repeated !== null && repeated < tick) ? repeated : tick;
}

/** The first instant after `after` at which the clock shows a time of the calendar later than `wall`. */
function firstShown(calendar: Calendar, timeZone: string, wall: number, after: number): number | null {
  let shown = nextWall(calendar, wall);
  while (shown !== null) {
    const reading = readClock(timeZone, shown);
    if (reading.kind === 'once' && reading.at > after) return reading.at;
    if (reading.kind === 'twice' && reading.first > after) return reading.first;
    if (reading.kind === 'twice' && reading.second > after) return reading.second;
    shown = nextWall(calendar, reading.kind === 'skipped' ? wallAt(timeZone, reading.end) - 1 : shown);
  }
  return null;
}
