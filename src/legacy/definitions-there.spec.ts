import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCron } from '../schedules/definitions/cron.js';
import { crontabThere, intervalThere } from './definitions-there.js';

describe('a crontab in the replaced service', () => {
  it.each([
    ['0 8 * * mon-fri', { weekday: [1, 2, 3, 4, 5] }],
    ['0 8 * * MON', { weekday: [1] }],
    ['0 8 * * 6-1', { weekday: [0, 1, 6] }],
    ['0 22-1 * * *', { hour: [0, 1, 22, 23] }],
    ['*/20,5 * * * *', { minute: [0, 5, 20, 40] }],
    ['0 0 */10 * *', { day: [1, 11, 21, 31] }],
    ['0 0 10-20/5 * *', { day: [10, 15, 20] }],
    ['0 0 1 1 * 2030', { day: [1], month: [1] }],
    ['30 0 0 1 1 * 2030', { minute: [0], day: [1], month: [1] }],
    ['@weekly', { minute: [0], hour: [0], weekday: [0] }],
  ])('"%s" ran by these values', (text, expected) => {
    const [minute, hour, day, month, weekday] = crontabThere(text) ?? [];
    expect({ minute, hour, day, month, weekday }).toMatchObject(expected);
  });

  it.each([
    '0 0 * * 7',
    '0 0 1 jan *',
    '5/15 * * * *',
    '0 0 * * sun-7',
    '60 * * * *',
    '*/0 * * * *',
    '0 0 ? * *',
    '0 0 L * *',
    '@midnight',
    '* * *',
    '1,,2 * * * *',
  ])('"%s" never ran', (text) => {
    expect(crontabThere(text)).toBeNull();
  });

  it('ran by the values that it has here, where both can read it', () => {
    const number = (max: number) => fc.nat(max).map(String);
    const field = (min: number, max: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min, max }).map(String),
        fc.integer({ min: 1, max: 9 }).map((step) => `*/${step}`),
        fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }), number(9)).map(([a, b, step]) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          return step === '0' ? `${from}-${to}` : `${from}-${to}/${step}`;
        }),
      );
    const texts = fc.tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6));
    let compared = 0;
    const property = fc.property(texts, (fields) => {
      const text = fields.join(' ');
      const there = crontabThere(text);
      expect(there).not.toBeNull();
      let here;
      try {
        here = parseCron(text);
      } catch {
        return;
      }
      compared++;
      const { minute, hour, dayOfMonth, month, dayOfWeek } = here;
      expect(there).toEqual([minute, hour, dayOfMonth, month, dayOfWeek].map(({ values }) => [...values]));
    });
    fc.assert(property, { numRuns: 1000 });
    expect(compared).toBeGreaterThan(500);
  });
});

describe('an interval in the replaced service', () => {
  it.each([
    ['5 minutes', 300_000_000],
    ['+1 minutes', 60_000_000],
    ['  2   days ', 172_800_000_000],
    ['1_000 microseconds', 1000],
    ['0 seconds', 0],
    ['-1 hours', -3_600_000_000],
  ])('"%s" ran every so many microseconds', (text, microseconds) => {
    expect(intervalThere(text)?.microseconds).toBe(microseconds);
  });

  it.each(['1 minute', '5 MINUTES', '1 weeks', 'hourly', '1.5 hours', '99999999999 seconds', '1 constructor'])(
    '"%s" never ran',
    (text) => {
      expect(intervalThere(text)).toBeNull();
    },
  );
});
