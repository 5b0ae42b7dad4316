import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Definition, nextTick } from './definition.js';
import { countTicks, MAX_COUNTED_TICKS, planDue } from './due-plan.js';

const START = new Date('2026-01-01T00:00:00Z');
const DAY_SECONDS = 86_400;
const hourly: Definition = { kind: 'cron', text: '0 * * * *', timeZone: 'UTC' };
const minutely: Definition = { kind: 'cron', text: '* * * * *', timeZone: 'UTC' };
const everySecond: Definition = { kind: 'interval', text: '1 second', phase: new Date(0) };
const everyMinute: Definition = { kind: 'interval', text: '1 minute', phase: new Date(0) };

const later = (seconds: number, from = START) => new Date(from.getTime() + seconds * 1_000);

describe('a tick on time', () => {
  it.each([0, 59, 60])('%i s late is fired alone', (seconds) => {
    const plan = planDue(everySecond, START, later(seconds), DAY_SECONDS);
    expect(plan).toEqual({ missed: null, tick: START, nextFireAt: later(1) });
  });

  it('is not there yet before it is due', () => {
    expect(planDue(hourly, START, later(-0.001), DAY_SECONDS)).toEqual({ missed: null, tick: null, nextFireAt: START });
  });
});

describe('a late tick', () => {
  it.each([60.001, 61])('%f s late is still fired when it is the only one', (seconds) => {
    const plan = planDue(hourly, START, later(seconds), DAY_SECONDS);
    expect(plan).toEqual({ missed: null, tick: START, nextFireAt: later(3_600) });
  });

  it.each([hourly, { kind: 'interval', text: '1 hour', phase: START } as const])(
    'is the only one fired of several, and the others are missed (%o)',
    (definition) => {
      const first = later(3_600);
      expect(planDue(definition, first, later(5 * 3_600 + 61), DAY_SECONDS)).toEqual({
        missed: { from: first, to: later(4 * 3_600), count: 4 },
        tick: later(5 * 3_600),
        nextFireAt: later(6 * 3_600),
      });
    },
  );

  it('leaves the ticks that are on time to the next call', () => {
    const now = later(5 * 3_600 + 60);
    const plan = planDue(hourly, START, now, DAY_SECONDS);
    expect(plan).toMatchObject({ tick: later(4 * 3_600), nextFireAt: later(5 * 3_600) });
    expect(planDue(hourly, plan.nextFireAt!, now, DAY_SECONDS)).toMatchObject({ missed: null, tick: later(5 * 3_600) });
  });

  it('exactly as old as the catch-up window is fired, a moment older is missed', () => {
    expect(planDue(hourly, START, later(100), 100)).toMatchObject({ missed: null, tick: START });
    expect(planDue(hourly, START, later(100.001), 100)).toEqual({
      missed: { from: START, to: START, count: 1 },
      tick: null,
      nextFireAt: later(3_600),
    });
  });

  it('is missed without a next one when the definition has no further tick', () => {
    const last = new Date(8.64e15);
    const daily: Definition = { kind: 'interval', text: '3650 days', phase: new Date(0) };
    const first = nextTick(daily, new Date(last.getTime() - 3_650 * DAY_SECONDS * 1_000))!;
    expect(planDue(daily, first, last, 60).nextFireAt).toBeNull();
  });
});

describe('more late cron ticks than are counted at once', () => {
  const tickAt = (n: number) => later(60 * (n - 1));
  const nowWith = (late: number) => later(61, tickAt(late));

  it('at the limit are settled in one call', () => {
    expect(planDue(minutely, START, nowWith(MAX_COUNTED_TICKS), 365 * DAY_SECONDS)).toEqual({
      missed: { from: START, to: tickAt(9_999), count: 9_999 },
      tick: tickAt(10_000),
      nextFireAt: tickAt(10_001),
    });
  });

  it('beyond it take another call, which fires the latest', () => {
    const now = nowWith(MAX_COUNTED_TICKS + 1);
    const plan = planDue(minutely, START, now, 365 * DAY_SECONDS);
    expect(plan).toEqual({
      missed: { from: START, to: tickAt(10_000), count: 10_000 },
      tick: null,
      nextFireAt: tickAt(10_001),
    });
    const rest = planDue(minutely, plan.nextFireAt!, now, 365 * DAY_SECONDS);
    expect(rest).toEqual({ missed: null, tick: tickAt(10_001), nextFireAt: tickAt(10_002) });
  });

  it('for an interval are counted at once, however many', () => {
    const tenYears = 3_650 * DAY_SECONDS;
    const plan = planDue(everySecond, START, later(tenYears + 61), DAY_SECONDS);
    expect(plan.missed).toEqual({ from: START, to: later(tenYears - 1), count: tenYears });
    expect(plan.tick).toEqual(later(tenYears));
  });
});

describe('a plan', () => {
  it.each([minutely, everyMinute])('accounts for every tick once and in order (%o)', (definition) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 0, max: 100_000 }), (late, window) => {
        const now = later(late);
        let [nextFireAt, taken]: [Date, number] = [START, 0];
        while (nextFireAt <= now) {
          const plan = planDue(definition, nextFireAt, now, window);
          taken += (plan.missed?.count ?? 0) + (plan.tick ? 1 : 0);
          if (plan.missed) {
            expect(countTicks(definition, later(-1, plan.missed.from), plan.missed.to)).toBe(plan.missed.count);
          }
          expect(nextTick(definition, plan.tick ?? plan.missed!.to)).toEqual(plan.nextFireAt);
          nextFireAt = plan.nextFireAt!;
        }
        expect(taken).toBe(Math.floor(late / 60) + 1);
      }),
      { seed: 1, numRuns: 40 },
    );
  });
});

describe('counting ticks', () => {
  it.each([minutely, everyMinute])('leaves out the first instant and takes in the last (%o)', (definition) => {
    expect(countTicks(definition, START, later(60))).toBe(1);
    expect(countTicks(definition, START, later(59))).toBe(0);
    expect(countTicks(definition, later(-1), later(180))).toBe(4);
    expect(countTicks(definition, later(60), START)).toBe(0);
  });

  it('stops at the limit for cron and is exact for an interval', () => {
    expect(countTicks(minutely, START, later(60 * 10_001))).toBe(MAX_COUNTED_TICKS);
    expect(countTicks(everyMinute, START, later(60 * 10_001))).toBe(10_001);
  });

  it('does not count the phase of an interval, which is no tick', () => {
    expect(countTicks({ kind: 'interval', text: '1 hour', phase: START }, later(-7_200), later(3_600))).toBe(1);
  });
});
