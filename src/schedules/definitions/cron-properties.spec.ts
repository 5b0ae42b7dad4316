import { CronJob, CronTime } from 'cron';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clock,
  expression,
  type Field,
  instant,
  isNearTransition,
  tickOfCronParser,
  wallOf,
} from '../../../test/support/crontabs.js';
import { nextTick } from './definition.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'];
const SEED = 20_260_101;

function ours(text: string, timeZone: string, after: number): number {
  return nextTick({ kind: 'cron', text, timeZone }, new Date(after))!.getTime();
}

describe('ticks compared with cron-parser', () => {
  it('are the same in UTC', () => {
    fc.assert(
      fc.property(expression, instant, (text, start) => {
        for (let i = 0, after = start; i < 5; i++) {
          const tick = ours(text, 'UTC', after);
          expect(tick).toBe(tickOfCronParser(text, 'UTC', after));
          after = tick;
        }
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it.each(ZONES)('are the same in %s, save within three hours of a clock change', (zone) => {
    fc.assert(
      fc.property(expression, instant, (text, start) => {
        for (let i = 0, after = start; i < 5; i++) {
          const [tick, other] = [ours(text, zone, after), tickOfCronParser(text, zone, after)];
          if (tick !== other) expect(isNearTransition(zone, Math.min(tick, other ?? tick))).toBe(true);
          after = tick;
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe('ranges of weekdays by name', () => {
  const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'SUN'];
  const range = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 })).filter(([a, b]) => a <= b);
  const step = fc.constantFrom('', '/2', '/3');

  it('have the ticks that cron-parser gives the numbers, Sunday being 7 at the end', () => {
    fc.assert(
      fc.property(range, step, fc.boolean(), instant, ([from, to], every, isNumberFirst, after) => {
        const named = `${isNumberFirst ? from : names[from]}-${names[to]}${every}`;
        // Sunday by name begins a week when it comes first.
        const first = !isNumberFirst && from === 7 ? 0 : from;
        const expected = tickOfCronParser(`0 0 * * ${first}-${first === 0 && to === 7 ? 0 : to}${every}`, 'UTC', after);
        expect(ours(`0 0 * * ${named}`, 'UTC', after)).toBe(expected);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

/** Every minute around a clock change: what the clock shows at each instant. */
function minutesAround(zone: string, transition: number): { at: number; wall: number }[] {
  return Array.from({ length: 2 * 1_440 }, (_, i) => transition - DAY_MS + i * MINUTE_MS).map((at) => ({
    at,
    wall: wallOf(zone, at),
  }));
}

function transitionsOf(zone: string): number[] {
  const hours = Array.from({ length: 2 * 366 * 24 }, (_, i) => Date.UTC(2026, 0, 1) + i * HOUR_MS);
  const offset = (at: number) => wallOf(zone, at) - at;
  return hours.filter((at) => offset(at) !== offset(at - HOUR_MS));
}

/** The rule of the design, minute by minute. */
function ticksByTheRule(minute: Field, hour: Field, minutes: { at: number; wall: number }[]): number[] {
  const matches = (wall: number) =>
    minute.values.has(new Date(wall).getUTCMinutes()) && hour.values.has(new Date(wall).getUTCHours());
  if (minute.text.startsWith('*') || hour.text.startsWith('*')) {
    return minutes.filter(({ wall }) => matches(wall)).map(({ at }) => at);
  }
  const ticks = new Set<number>();
  for (let wall = minutes[0].wall; wall <= minutes.at(-1)!.wall; wall += MINUTE_MS) {
    if (matches(wall)) ticks.add(minutes.find((shown) => shown.wall >= wall)!.at);
  }
  return [...ticks];
}

describe('around every clock change of two years', () => {
  it.each(ZONES.slice(0, 3))('in %s, ticks are what the rule says minute by minute', (zone) => {
    const transitions = transitionsOf(zone);
    expect(transitions).toHaveLength(4);
    const windows = transitions.map((transition) => minutesAround(zone, transition));
    fc.assert(
      fc.property(clock, fc.constantFrom(...windows), ({ minute, hour }, minutes) => {
        const expected = ticksByTheRule(minute, hour, minutes).slice(0, 200);
        const found: number[] = [];
        for (let after = minutes[0].at - 1; found.length < expected.length; after = found.at(-1)!) {
          found.push(ours(`${minute.text} ${hour.text} * * *`, zone, after));
        }
        expect(found).toEqual(expected);
      }),
      { seed: SEED, numRuns: 250 },
    );
  });

  it.each(ZONES.slice(0, 3))('in %s, the tick after any instant is the first of the walked ones', (zone) => {
    const around = fc.tuple(fc.constantFrom(...transitionsOf(zone)), fc.integer({ min: -DAY_MS, max: DAY_MS }));
    fc.assert(
      fc.property(clock, around, ({ minute, hour }, [transition, shift]) => {
        const text = `${minute.text} ${hour.text} * * *`;
        const after = transition + shift;
        let walked = ours(text, zone, transition - 3 * DAY_MS);
        while (walked <= after) walked = ours(text, zone, walked);
        expect(ours(text, zone, after)).toBe(walked);
      }),
      { seed: SEED, numRuns: 50 },
    );
  });
});

describe('a CronJob given the computed Date', () => {
  it('is due at that Date', () => {
    const future = fc.integer({ min: Date.now() + DAY_MS, max: Date.UTC(2100, 0, 1) });
    fc.assert(
      fc.property(expression, fc.constantFrom('UTC', ...ZONES), future, (text, zone, after) => {
        const tick = nextTick({ kind: 'cron', text, timeZone: zone }, new Date(after))!;
        expect(new CronTime(tick).sendAt().toMillis()).toBe(tick.getTime());
        expect(new CronJob(tick, () => undefined).nextDate().toMillis()).toBe(tick.getTime());
      }),
      { numRuns: 300 },
    );
  });
});
