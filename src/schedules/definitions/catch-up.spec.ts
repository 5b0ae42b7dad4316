import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATCH_UPS, type CatchUp, caughtUpTicks, missedTicks, type Participant } from './catch-up.js';
import { type Definition, nextTick } from './definition.js';
import { LATE_TICK_GRACE_SECONDS, MAX_CAUGHT_UP_TICKS, planDue } from './due-plan.js';

const START = new Date('2026-01-01T00:00:00Z');
const minutely: Definition = { kind: 'cron', text: '* * * * *', timeZone: 'UTC' };
const everyMinute: Definition = { kind: 'interval', text: '1 minute', phase: new Date(0) };

const later = (seconds: number) => new Date(START.getTime() + seconds * 1_000);
const minute = (n: number) => later(n * 60);
const minutes = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => minute(first + i));
const whoever = (catchUp: CatchUp, activeSince = later(-1)): Participant => ({ catchUp, activeSince });

describe.each([
  ['a crontab', minutely],
  ['an interval', everyMinute],
])('a schedule of %s whose ticks of minutes 0 to 4 are late, the first two too late', (_, definition) => {
  const { late } = planDue(definition, START, later(4 * 60 + 61), 2 * 60 + 61);
  const missedBy = missedTicks(late!, definition);

  it.each([
    ['latest', [minute(4)], { from: minute(0), to: minute(3), count: 4 }],
    ['none', [], { from: minute(0), to: minute(4), count: 5 }],
    ['all', minutes(2, 4), { from: minute(0), to: minute(1), count: 2 }],
  ] as const)('with catch-up %s', (catchUp, caughtUp, missed) => {
    expect(caughtUpTicks(late!, whoever(catchUp))).toEqual(caughtUp);
    expect(missedBy(whoever(catchUp))).toEqual(missed);
  });

  it.each([
    ['latest', [minute(4)], { from: minute(1), to: minute(3), count: 3 }],
    ['none', [], { from: minute(1), to: minute(4), count: 4 }],
    ['all', minutes(2, 4), { from: minute(1), to: minute(1), count: 1 }],
  ] as const)('with catch-up %s, active since the first of them', (catchUp, caughtUp, missed) => {
    expect(caughtUpTicks(late!, whoever(catchUp, minute(0)))).toEqual(caughtUp);
    expect(missedBy(whoever(catchUp, minute(0)))).toEqual(missed);
  });

  it.each([
    ['latest', [minute(4)], { from: minute(3), to: minute(3), count: 1 }],
    ['none', [], { from: minute(3), to: minute(4), count: 2 }],
    ['all', minutes(3, 4), null],
  ] as const)('with catch-up %s, active since the third of them', (catchUp, caughtUp, missed) => {
    expect(caughtUpTicks(late!, whoever(catchUp, minute(2)))).toEqual(caughtUp);
    expect(missedBy(whoever(catchUp, minute(2)))).toEqual(missed);
  });

  it.each(CATCH_UPS)(
    'with catch-up %s takes no part in them when it became active with the last of them',
    (catchUp) => {
      expect(caughtUpTicks(late!, whoever(catchUp, minute(4)))).toEqual([]);
      expect(missedBy(whoever(catchUp, minute(4)))).toBeNull();
    },
  );
});

describe('a schedule that catches up with all', () => {
  it.each([
    [99, 99, null],
    [100, 100, null],
    [101, 100, { from: minute(0), to: minute(0), count: 1 }],
    [250, 100, { from: minute(0), to: minute(149), count: 150 }],
  ])('of %i late ticks is given the latest %i', (count, given, missed) => {
    const { late } = planDue(minutely, START, later((count - 1) * 60 + 61), 86_400);
    expect(caughtUpTicks(late!, whoever('all'))).toEqual(minutes(count - given, count - 1));
    expect(missedTicks(late!, minutely)(whoever('all'))).toEqual(missed);
  });
});

interface Outage {
  definition: Definition;
  now: Date;
  windowSeconds: number;
  schedule: Participant;
}

interface Outcome {
  fired: Date[];
  missed: Date[];
}

/** What a schedule gets when its trigger, due since the first tick from START on, is taken for as long as it is due. */
function outcomeOf({ definition, now, windowSeconds, schedule }: Outage): Outcome {
  const outcome: Outcome = { fired: [], missed: [] };
  let nextFireAt = nextTick(definition, later(-0.001))!;
  while (nextFireAt <= now) {
    const plan = planDue(definition, nextFireAt, now, windowSeconds);
    if (plan.tick && plan.tick > schedule.activeSince) outcome.fired.push(plan.tick);
    if (plan.late) {
      const missed = missedTicks(plan.late, definition)(schedule);
      const ticks = missed ? ticksWithin(definition, missed.from, missed.to) : [];
      expect(ticks).toHaveLength(missed?.count ?? 0);
      outcome.missed.push(...ticks);
      outcome.fired.push(...caughtUpTicks(plan.late, schedule));
    }
    nextFireAt = plan.nextFireAt!;
  }
  return outcome;
}

/** One by one. */
function ticksWithin(definition: Definition, from: Date, to: Date): Date[] {
  const ticks: Date[] = [];
  for (let tick = nextTick(definition, new Date(from.getTime() - 1))!; tick <= to; tick = nextTick(definition, tick)!) {
    ticks.push(tick);
  }
  return ticks;
}

/** The rule, tick by tick. */
function expectedOutcome({ definition, now, windowSeconds, schedule }: Outage): Outcome {
  const ticks = ticksWithin(definition, START, now);
  const ageOf = (tick: Date) => (now.getTime() - tick.getTime()) / 1_000;
  const onTime = ticks.filter((tick) => ageOf(tick) <= LATE_TICK_GRACE_SECONDS);
  const late = ticks.filter((tick) => ageOf(tick) > LATE_TICK_GRACE_SECONDS);
  const wanted = { none: 0, latest: 1, all: MAX_CAUGHT_UP_TICKS }[schedule.catchUp];
  const caughtUp = late.filter((tick, i) => late.length - i <= wanted && ageOf(tick) <= windowSeconds);
  const takesPart = (tick: Date) => tick > schedule.activeSince;
  return {
    fired: [...caughtUp, ...onTime].filter(takesPart),
    missed: late.filter((tick) => !caughtUp.includes(tick)).filter(takesPart),
  };
}

describe('every tick', () => {
  const definitions: Definition[] = [
    minutely,
    everyMinute,
    { kind: 'cron', text: '*/7 8-18 * * mon-fri', timeZone: 'Europe/Berlin' },
    { kind: 'interval', text: '90 seconds', phase: later(-7) },
  ];
  const cases = fc.record({
    lateSeconds: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 700_000 })),
    windowSeconds: fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.constant(86_400)),
    activeSeconds: fc.oneof(fc.constant(-1), fc.integer({ min: -100, max: 700_000 })),
    catchUp: fc.constantFrom(...CATCH_UPS),
  });

  it.each(definitions)(
    'of $text after a schedule became active is fired or missed, once and in order',
    (definition) => {
      fc.assert(
        fc.property(cases, ({ lateSeconds, windowSeconds, activeSeconds, catchUp }) => {
          const schedule = { catchUp, activeSince: later(Math.min(activeSeconds, lateSeconds)) };
          const outage = { definition, now: later(lateSeconds), windowSeconds, schedule };
          expect(outcomeOf(outage)).toEqual(expectedOutcome(outage));
        }),
        { seed: 1, numRuns: 100 },
      );
    },
  );
});
