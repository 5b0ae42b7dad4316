import { describe, expect, it } from 'vitest';
import { type Definition, nextTick } from './definition.js';
import { type LateTicks, MAX_CAUGHT_UP_TICKS, MAX_COUNTED_TICKS, partAfter, planDue } from './due-plan.js';

const START = new Date('2026-01-01T00:00:00Z');
const HOUR = 3_600;
const DAY = 86_400;
const hourly: Definition = { kind: 'cron', text: '0 * * * *', timeZone: 'UTC' };
const everyHour: Definition = { kind: 'interval', text: '1 hour', phase: new Date(0) };
const minutely: Definition = { kind: 'cron', text: '* * * * *', timeZone: 'UTC' };
const everyMinute: Definition = { kind: 'interval', text: '1 minute', phase: new Date(0) };
const everySecond: Definition = { kind: 'interval', text: '1 second', phase: new Date(0) };

const later = (seconds: number, from = START) => new Date(from.getTime() + seconds * 1_000);

/** The latest of them. */
const lastOf = ({ dropped, replay }: LateTicks) => replay.at(-1) ?? dropped?.to;

describe('a tick on time', () => {
  it.each([0, 59, 60])('%i s late is fired alone', (seconds) => {
    const plan = planDue(everySecond, START, later(seconds), DAY);
    expect(plan).toEqual({ tick: START, late: null, nextFireAt: later(1) });
  });

  it('is not there yet before it is due', () => {
    expect(planDue(hourly, START, later(-0.001), DAY)).toEqual({ tick: null, late: null, nextFireAt: START });
  });
});

describe.each([
  ['a crontab', hourly],
  ['an interval', everyHour],
])('late ticks of %s', (_, definition) => {
  it.each([60.001, 61])('begin %f s after they were due', (seconds) => {
    const plan = planDue(definition, START, later(seconds), DAY);
    expect(plan).toEqual({ tick: null, late: { dropped: null, replay: [START] }, nextFireAt: later(HOUR) });
  });

  it('can be caught up with together, oldest first', () => {
    const plan = planDue(definition, START, later(2 * HOUR + 61), DAY);
    const replay = [START, later(HOUR), later(2 * HOUR)];
    expect(plan).toEqual({ tick: null, late: { dropped: null, replay }, nextFireAt: later(3 * HOUR) });
  });

  it('leave those that are on time to the next call', () => {
    const now = later(2 * HOUR + 60);
    const plan = planDue(definition, START, now, DAY);
    expect(plan).toMatchObject({ late: { replay: [START, later(HOUR)] }, nextFireAt: later(2 * HOUR) });
    expect(planDue(definition, plan.nextFireAt!, now, DAY)).toMatchObject({ tick: later(2 * HOUR), late: null });
  });

  it.each([-1, 0])('are caught up with when they are as old as the catch-up window, %i s more', (seconds) => {
    expect(planDue(definition, START, later(100 + seconds), 100).late).toEqual({ dropped: null, replay: [START] });
  });

  it.each([0.001, 1])('are dropped when they are %f s older than the catch-up window', (seconds) => {
    const plan = planDue(definition, START, later(100 + seconds), 100);
    const dropped = { from: START, to: START, count: 1 };
    expect(plan).toEqual({ tick: null, late: { dropped, replay: [] }, nextFireAt: later(HOUR) });
  });

  it('older than the window are dropped, and those within it are not', () => {
    expect(planDue(definition, START, later(4 * HOUR + 61), HOUR + 61).late).toEqual({
      dropped: { from: START, to: later(2 * HOUR), count: 3 },
      replay: [later(3 * HOUR), later(4 * HOUR)],
    });
  });

  it.each([99, 100])('are all caught up with when there are %i', (count) => {
    const { late } = planDue(definition, START, later((count - 1) * HOUR + 61), 365 * DAY);
    expect(late!.dropped).toBeNull();
    expect(late!.replay).toHaveLength(count);
  });

  it('are dropped before the latest 100', () => {
    const { late, nextFireAt } = planDue(definition, START, later(100 * HOUR + 61), 365 * DAY);
    expect(late!.dropped).toEqual({ from: START, to: START, count: 1 });
    expect(late!.replay).toEqual(Array.from({ length: MAX_CAUGHT_UP_TICKS }, (_, i) => later((i + 1) * HOUR)));
    expect(nextFireAt).toEqual(later(101 * HOUR));
  });

  it('end with the last of the replay, or with the last dropped one', () => {
    const inTime = planDue(definition, START, later(2 * HOUR + 61), DAY).late!;
    const tooLate = planDue(definition, START, later(2 * HOUR + 61), 60).late!;
    expect([lastOf(inTime), lastOf(tooLate)]).toEqual([later(2 * HOUR), later(2 * HOUR)]);
  });
});

describe('a definition without a further tick', () => {
  it('is not due again', () => {
    const end = new Date(8.64e15);
    const decennial: Definition = { kind: 'interval', text: '3650 days', phase: new Date(0) };
    const last = nextTick(decennial, later(-3_650 * DAY, end))!;
    expect(planDue(decennial, last, end, 60).nextFireAt).toBeNull();
  });
});

describe('more late cron ticks than one plan counts', () => {
  const tickAt = (n: number) => later(60 * (n - 1));
  const nowWith = (late: number) => later(61, tickAt(late));
  const latest = (count: number) => Array.from({ length: 100 }, (_, i) => tickAt(count - 99 + i));

  it('at the limit are settled by one', () => {
    const count = MAX_COUNTED_TICKS;
    expect(planDue(minutely, START, nowWith(count), 365 * DAY)).toEqual({
      tick: null,
      late: { dropped: { from: START, to: tickAt(9_900), count: 9_900 }, replay: latest(count) },
      nextFireAt: tickAt(count + 1),
    });
  });

  it('beyond it take another one, which still sees all that can be caught up with', () => {
    const count = MAX_COUNTED_TICKS + 1;
    const first = planDue(minutely, START, nowWith(count), 365 * DAY);
    expect(first).toEqual({
      tick: null,
      late: { dropped: { from: START, to: tickAt(9_900), count: 9_900 }, replay: [] },
      nextFireAt: tickAt(9_901),
    });
    expect(planDue(minutely, first.nextFireAt!, nowWith(count), 365 * DAY)).toEqual({
      tick: null,
      late: { dropped: { from: tickAt(9_901), to: tickAt(9_901), count: 1 }, replay: latest(count) },
      nextFireAt: tickAt(count + 1),
    });
  });

  it('that no outage can have made are not counted: the trigger goes on from now', () => {
    const never = { tick: null, late: null };
    const now = new Date('2026-01-01T00:00:30Z');
    for (const longAgo of [new Date('1900-01-01T00:00:00Z'), new Date(Date.UTC(-4712, 0, 1))]) {
      expect(planDue(minutely, longAgo, now, DAY)).toEqual({ ...never, nextFireAt: new Date('2026-01-01T00:01:00Z') });
      expect(planDue(everySecond, longAgo, now, DAY)).toMatchObject(never);
    }
  });

  it('for an interval are counted at once, however many', () => {
    const tenYears = 3_650 * DAY;
    const { late } = planDue(everySecond, START, later(tenYears + 61), 2 * DAY);
    expect(late!.dropped).toEqual({ from: START, to: later(tenYears - 100), count: tenYears - 99 });
    expect(late!.replay.at(-1)).toEqual(later(tenYears));
  });
});

describe.each([
  ['a crontab', minutely],
  ['an interval', everyMinute],
])('the part of a range of %s after an instant', (_, definition) => {
  const range = { from: START, to: later(540), count: 10 };
  const after = partAfter(range, definition);

  it('is all of it before its first tick', () => {
    expect(after(later(-0.001))).toEqual(range);
  });

  it('begins with the first tick that is later', () => {
    expect(after(START)).toEqual({ from: later(60), to: later(540), count: 9 });
    expect(after(later(59))).toEqual({ from: later(60), to: later(540), count: 9 });
    expect(after(later(60))).toEqual({ from: later(120), to: later(540), count: 8 });
    expect(after(later(539))).toEqual({ from: later(540), to: later(540), count: 1 });
  });

  it('is nothing from its last tick on', () => {
    expect(after(later(540))).toBeNull();
    expect(after(later(9_999))).toBeNull();
  });
});
