import { CronExpressionParser } from 'cron-parser';

/** A schedule as the oracle needs it: what the user asked for, and since when. Instants are milliseconds. */
export interface Watched {
  id: string;
  interval_definition: string | null;
  cron_definition: string | null;
  frequency: number | null;
  /** created, enabled or given this definition */
  activeSince: number;
  /** where an interval counts from */
  createdAt: number;
}

/** One schedule's due tick: what somebody has to answer for. */
export interface Obligation {
  scheduleId: string;
  tick: number;
}

export type CatchUp = 'latest' | 'none' | 'all';

const UNITS_MS: [RegExp, number][] = [
  [/^days?$/, 86_400_000],
  [/^hours?$/, 3_600_000],
  [/^minutes?$/, 60_000],
  [/^seconds?$/, 1_000],
  [/^microseconds?$/, 0.001],
];
/** A tick up to this late is on time: README, "What is not guaranteed". */
export const GRACE_MS = 60_000;
const MOST_CAUGHT_UP = 100;
const MOST_TICKS = 100_000;

/**
 * The ticks that are due of a schedule after it became active, up to `until`, at most `frequency` of them. Worked out
 * from the definition alone: intervals by arithmetic, crontabs (in UTC) by cron-parser; nothing of the product is used.
 */
export function ticksOf(schedule: Watched, until: number): number[] {
  const most = schedule.frequency ?? MOST_TICKS;
  const ticks: number[] = [];
  for (const tick of schedule.interval_definition ? intervalTicks(schedule) : cronTicks(schedule)) {
    if (tick > until || ticks.length === most) return ticks;
    if (ticks.length === MOST_TICKS) throw new Error('name the instant until which ticks are to be counted');
    ticks.push(tick);
  }
  return ticks;
}

export function firstTickOf(schedule: Watched): number {
  return ticksOf({ ...schedule, frequency: 1 }, Infinity)[0];
}

/** Those of many. */
export function obligationsOf(schedules: Watched[], until: number): Obligation[] {
  return schedules.flatMap((schedule) => ticksOf(schedule, until).map((tick) => ({ scheduleId: schedule.id, tick })));
}

/**
 * What becomes of the ticks that fell due while every replica was down, oldest first.
 *
 * @param back when the first one was back and looked, by the database's clock
 */
export function afterOutage(
  ticks: number[],
  back: number,
  catchUp: CatchUp = 'latest',
  catchUpWindowMs = 86_400_000,
): { fired: number[]; missed: number[] } {
  const late = ticks.filter((tick) => tick < back - GRACE_MS);
  const onTime = ticks.filter((tick) => tick >= back - GRACE_MS);
  const recent = late.filter((tick) => tick >= back - catchUpWindowMs);
  const count = { none: 0, latest: 1, all: MOST_CAUGHT_UP }[catchUp];
  const caughtUp = count === 0 ? [] : recent.slice(-count);
  return { fired: [...caughtUp, ...onTime], missed: late.filter((tick) => !caughtUp.includes(tick)) };
}

export function periodMsOf(definition: string): number {
  const [count, unit] = definition.trim().toLowerCase().split(/\s+/);
  const [, unitMs] = UNITS_MS.find(([name]) => name.test(unit))!;
  return Number(count) * unitMs;
}

function* intervalTicks({ interval_definition, activeSince, createdAt }: Watched): Generator<number> {
  const periodMs = periodMsOf(interval_definition!);
  const phase = Math.floor(createdAt / 1000) * 1000;
  for (let tick = phase + periodMs; ; tick += periodMs) if (tick > activeSince) yield tick;
}

function* cronTicks({ cron_definition, activeSince }: Watched): Generator<number> {
  const upcoming = CronExpressionParser.parse(cron_definition!, { tz: 'UTC', currentDate: new Date(activeSince) });
  for (;;) yield upcoming.next().getTime();
}
