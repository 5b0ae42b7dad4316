import { CronExpressionParser } from 'cron-parser';
import fc from 'fast-check';

const HOUR_MS = 3_600_000;

export interface Field {
  text: string;
  values: Set<number>;
}

/** A field together with what it means, worked out without the parser under test. */
function field(min: number, max: number, last = max): fc.Arbitrary<Field> {
  const number = fc.integer({ min, max });
  const from = (text: string, values: number[]): Field => ({ text, values: new Set(values) });
  const every = (a: number, b: number, step = 1) => {
    return Array.from({ length: b - a + 1 }, (_, i) => a + i).filter((v) => (v - a) % step === 0);
  };
  const list = fc.uniqueArray(number, { minLength: 1, maxLength: 4 }).map((v) => from(v.join(), v));
  const range = fc.tuple(number, number, fc.integer({ min: 1, max: 9 })).map(([x, y, step]) => {
    const [a, b] = [Math.min(x, y), Math.max(x, y)];
    return from(step === 1 ? `${a}-${b}` : `${a}-${b}/${step}`, every(a, b, step));
  });
  const star = fc.constant(from('*', every(min, last)));
  const steps = fc.integer({ min: 2, max: 9 }).map((step) => from(`*/${step}`, every(min, last, step)));
  return fc.oneof({ weight: 3, arbitrary: star }, list, range, steps);
}

export const clock = fc.record({ minute: field(0, 59), hour: field(0, 23) });
// Libraries differ in when a day field with a step counts as restricted: that has its own table in cron-ticks.spec.
const plainDay = (min: number, max: number) => field(min, max).filter(({ text }) => !text.startsWith('*/'));
/** Of the plain forms, whose meaning the libraries agree on. */
export const expression = fc
  .tuple(clock, plainDay(1, 28), field(1, 12), plainDay(0, 6))
  .map(([{ minute, hour }, day, month, weekday]) =>
    [minute, hour, day, month, weekday].map(({ text }) => text).join(' '),
  );
/** Milliseconds. */
export const instant = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2041, 0, 1) });

/** null where cron-parser gives up: its search does not end at Lord Howe's change of half an hour. */
export function tickOfCronParser(text: string, tz: string, after: number): number | null {
  try {
    return CronExpressionParser.parse(text, { tz, currentDate: new Date(after) })
      .next()
      .getTime();
  } catch (error) {
    if (error instanceof Error && error.message.includes('loop limit exceeded')) return null;
    throw error;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the zone's clocks show at an instant, as if it were UTC. */
export function wallOf(timeZone: string, at: number): number {
  const format =
    formats.get(timeZone) ?? new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  formats.set(timeZone, format);
  return Date.parse(format.format(at).replace(' ', 'T') + 'Z');
}

/** Whether the zone's clocks change within three hours of the instant. */
export function isNearTransition(zone: string, at: number): boolean {
  const offset = (t: number) => wallOf(zone, t) - t;
  const second = Math.floor(at / 1_000) * 1_000;
  return offset(second - 3 * HOUR_MS) !== offset(second + 3 * HOUR_MS);
}
