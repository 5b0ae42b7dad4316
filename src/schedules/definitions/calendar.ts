import { Cron } from 'croner';
import { BoundedCache } from './bounded-cache.js';
import { eitherDayMatches, type ParsedCron } from './cron.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What one crontab text asks of a clock on the wall, without any time zone. */
export interface Calendar {
  /** the days, as croner's pattern */
  days: string;
  /** milliseconds of the day, sorted */
  times: readonly number[];
}

// A croner object holds about 80 KB (a year table of 10,000 entries) and takes 0.1-0.25 ms to make. One for each
// pattern of days, not for each text: there are few of them, and every text at some o'clock each day shares one.
const dayWalkers = new BoundedCache<string, Cron>(100);

export function calendarOf(parsed: ParsedCron): Calendar {
  return {
    days: dayPattern(parsed),
    times: parsed.hour.values.flatMap((hour) =>
      parsed.minute.values.map((minute) => hour * HOUR_MS + minute * MINUTE_MS),
    ),
  };
}

/** The first wall time of the calendar strictly after `wall`, or null when there is none before the year 3000. */
export function nextWall(calendar: Calendar, wall: number): number | null {
  const today = Math.floor(wall / DAY_MS) * DAY_MS;
  const laterToday = calendar.times.find((time) => today + time > wall);
  const day = nextDay(calendar.days, laterToday === undefined ? today + DAY_MS : today);
  if (day === null) return null;
  return day === today && laterToday !== undefined ? today + laterToday : day + calendar.times[0];
}

/** The first matching midnight at or after `from`. */
function nextDay(pattern: string, from: number): number | null {
  // utcOffset 0 spares croner the time zone tables: the wall is a plain calendar.
  const walker = dayWalkers.get(pattern, () => new Cron(pattern, { mode: '5-part', utcOffset: 0 }));
  return walker.nextRun(new Date(from - 1))?.getTime() ?? null;
}

/**
 * Numbers only, so that croner has nothing to interpret. It combines two restricted day fields by OR, which is Vixie's
 * rule, and takes a plus sign for AND; its own idea of "restricted" differs for a field such as an asterisk with a step.
 */
function dayPattern(parsed: ParsedCron): string {
  const { dayOfMonth, month, dayOfWeek } = parsed;
  const dates = dayOfMonth.isWildcard && dayOfMonth.values.length === 31 ? '*' : dayOfMonth.values.join(',');
  const weekdays = dayOfWeek.isWildcard && dayOfWeek.values.length === 7 ? '*' : dayOfWeek.values.join(',');
  const both = eitherDayMatches(parsed) || weekdays === '*' ? '' : '+';
  return `0 0 ${dates} ${month.values.join(',')} ${both}${weekdays}`;
}
