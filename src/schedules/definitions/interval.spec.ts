import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DefinitionError, nextTick } from './definition.js';
import { MAX_INTERVAL_MS, parseInterval } from './interval.js';

const UNKNOWN = 'expected days, hours, minutes, seconds or microseconds';

describe('an interval text', () => {
  it.each([
    ['1 second', 1_000],
    ['1 seconds', 1_000],
    ['90 Seconds', 90_000],
    ['5 MINUTES', 300_000],
    ['1 hour', 3_600_000],
    ['7 days', 604_800_000],
    ['  2 \t hours ', 7_200_000],
    ['007 seconds', 7_000],
    ['1000000 microseconds', 1_000],
    ['1500000 microseconds', 1_500],
    ['3650 days', MAX_INTERVAL_MS],
  ])('%j is %i ms', (text, periodMs) => {
    expect(parseInterval(text)).toBe(periodMs);
  });

  it.each([
    ['0 seconds', '"0 seconds": the number must be positive'],
    ['-5 seconds', '"-5 seconds": the number must be positive'],
    ['+5 seconds', '"+5 seconds": write the number without a sign'],
    ['1.5 seconds', '"1.5 seconds": "1.5" is not a whole number'],
    ['five minutes', '"five minutes": "five" is not a whole number'],
    ['2 weeks', `unknown unit "weeks", ${UNKNOWN}`],
    ['2 constructor', `unknown unit "constructor", ${UNKNOWN}`],
    ['999000 microseconds', 'interval must be at least 1 second'],
    ['999999 microseconds', 'interval must be at least 1 second'],
    ['1000001 microseconds', '"1000001 microseconds": an interval must be a whole number of milliseconds'],
    ['3651 days', 'interval must be at most 10 years (3650 days)'],
    [`${'9'.repeat(150)} days`, 'interval must be at most 10 years (3650 days)'],
    ['', 'expected an interval such as "5 minutes", found ""'],
    ['5', 'expected an interval such as "5 minutes", found "5"'],
    ['5minutes', 'expected an interval such as "5 minutes", found "5minutes"'],
    ['1 hour 5 minutes', 'expected an interval such as "5 minutes", found "1 hour 5 minutes"'],
    [`1${' '.repeat(200)}day`, 'definition is 204 characters long, at most 200 are accepted'],
  ])('%j is refused with the reason', (text, message) => {
    expect(() => parseInterval(text)).toThrow(new DefinitionError(message));
  });
});

describe('the next tick of an interval', () => {
  const phase = new Date('2026-01-01T00:00:00Z');
  const every = (text: string, at = phase) => ({ kind: 'interval', text, phase: at }) as const;

  it.each([
    ['2020-01-01T00:00:00.000Z', '2026-01-01T00:01:00.000Z'],
    ['2026-01-01T00:00:00.000Z', '2026-01-01T00:01:00.000Z'],
    ['2026-01-01T00:00:59.999Z', '2026-01-01T00:01:00.000Z'],
    ['2026-01-01T00:01:00.000Z', '2026-01-01T00:02:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '+010000-01-01T00:00:00.000Z'],
  ])('after %s is %s, never the phase itself', (after, tick) => {
    expect(nextTick(every('1 minute'), new Date(after))?.toISOString()).toBe(tick);
  });

  it('is none at the end of time', () => {
    expect(nextTick(every('1 day'), new Date(8.64e15))).toBeNull();
  });

  it('does not depend on the instant of the question, and comes at even distances', () => {
    const periods = fc.integer({ min: 1, max: 315_360_000 });
    const phases = fc.integer({ min: 0, max: 4_000_000_000 }).map((s) => new Date(s * 1_000));
    const instants = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(periods, phases, instants, fc.nat(), (seconds, at, after, shift) => {
        const definition = every(`${seconds} seconds`, at);
        const periodMs = seconds * 1_000;
        const tick = nextTick(definition, after)!;
        expect(tick > after && tick > at).toBe(true);
        expect((tick.getTime() - at.getTime()) % periodMs).toBe(0);
        const soonAfterTheLast = new Date(tick.getTime() - 1 - (shift % periodMs));
        expect(nextTick(definition, soonAfterTheLast)).toEqual(tick);
        expect(nextTick(definition, tick)).toEqual(new Date(tick.getTime() + periodMs));
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });
});
