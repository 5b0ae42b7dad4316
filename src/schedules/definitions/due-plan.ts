import { type Definition, nextTick } from './definition.js';
import { parseInterval } from './interval.js';

/** Seconds. A tick exactly this late is still on time. */
export const LATE_TICK_GRACE_SECONDS = 60;

/** The most late ticks that a schedule is given after all: the latest ones. */
export const MAX_CAUGHT_UP_TICKS = 100;

/** The most cron ticks that one plan counts, since they have to be walked. Intervals are counted by arithmetic. */
export const MAX_COUNTED_TICKS = 10_000;

/** No outage lasts longer: a next tick that is further back was not written by the dispatcher. */
const LONGEST_OUTAGE_SECONDS = 20 * 365 * 86_400;

/** Consecutive ticks, both ends included; `count` is at least 1. */
export interface TickRange {
  from: Date;
  to: Date;
  count: number;
}

/** Consecutive late ticks, of which there is at least one: the dropped ones, and after them those of the replay. */
export interface LateTicks {
  /** those that no schedule gets; null when there are none */
  dropped: TickRange | null;
  /** those that a schedule can catch up with, oldest first; see `caughtUpTicks` */
  replay: Date[];
}

/**
 * What to do with a due trigger: either `tick` or `late` is set. Neither is when it is not due yet, or so late that its
 * next tick cannot be right.
 */
export interface DuePlan {
  /** the tick to fire on time, for every schedule of the trigger */
  tick: Date | null;
  late: LateTicks | null;
  /** the trigger's next_fire_at after this plan, which may be due as well; null when there is no further tick */
  nextFireAt: Date | null;
}

/** Ticks by their number, from 0. */
interface TickSequence {
  count: number;
  at: (n: number) => Date;
  /** one more follows: counting stopped at the limit */
  hasMore: boolean;
}

/**
 * What to do with a trigger whose oldest untaken tick is `nextFireAt`. On time: that tick fires alone, and the caller
 * comes back while the trigger is due. Late: all late ticks are settled at once. The latest MAX_CAUGHT_UP_TICKS of
 * them, if they are at most `catchUpWindowSeconds` old, can be caught up with; the others are dropped. When there are
 * more late cron ticks than one plan counts, it drops the first of them, and the caller comes back for the rest. Later
 * than any outage lasts: the trigger goes on from now, since nothing tells how many ticks there have been.
 *
 * @throws DefinitionError
 */
export function planDue(definition: Definition, nextFireAt: Date, now: Date, catchUpWindowSeconds: number): DuePlan {
  if (nextFireAt > now) return { tick: null, late: null, nextFireAt };
  if (nextFireAt < secondsBefore(now, LONGEST_OUTAGE_SECONDS)) {
    return { tick: null, late: null, nextFireAt: nextTick(definition, now) };
  }
  const onTimeFrom = secondsBefore(now, LATE_TICK_GRACE_SECONDS);
  if (nextFireAt >= onTimeFrom) return { tick: nextFireAt, late: null, nextFireAt: nextTick(definition, nextFireAt) };

  const ticks = ticksBefore(onTimeFrom, definition, nextFireAt);
  // What could be among the latest is left to the next plan, which sees the ticks after it too.
  if (ticks.hasMore) {
    const end = ticks.count - MAX_CAUGHT_UP_TICKS;
    return { tick: null, late: { dropped: firstOf(ticks, end), replay: [] }, nextFireAt: ticks.at(end) };
  }
  const replayFrom = secondsBefore(now, catchUpWindowSeconds);
  const tooOld = firstAfter(new Date(replayFrom.getTime() - 1), ticks);
  const start = Math.max(tooOld, ticks.count - MAX_CAUGHT_UP_TICKS);
  const replay = Array.from({ length: ticks.count - start }, (_, i) => ticks.at(start + i));
  const following = nextTick(definition, ticks.at(ticks.count - 1));
  return { tick: null, late: { dropped: firstOf(ticks, start), replay }, nextFireAt: following };
}

/** Whether a range of dropped ticks can come from a plan, even where the clock that `now` is read from is wrong. */
export function isOfAnOutage({ from, to, count }: TickRange, now: Date): boolean {
  const earliest = secondsBefore(now, 2 * LONGEST_OUTAGE_SECONDS);
  const latest = secondsBefore(now, -LONGEST_OUTAGE_SECONDS);
  return count > 0 && earliest <= from && from <= to && to <= latest;
}

/**
 * What of a range lies after an instant, null when nothing does: as a function, to be asked for many instants. The
 * ticks of a crontab are walked once, and only if an instant lies within the range.
 */
export function partAfter(range: TickRange, definition: Definition): (instant: Date) => TickRange | null {
  let ticks: TickSequence | undefined;
  return (instant) => {
    if (instant < range.from) return range;
    if (instant >= range.to) return null;
    ticks ??= ticksBefore(new Date(range.to.getTime() + 1), definition, range.from);
    const start = firstAfter(instant, ticks);
    // Only of a range that the definition does not have: its last tick is after the instant.
    if (start >= ticks.count) return { from: range.to, to: range.to, count: 1 };
    return { from: ticks.at(start), to: range.to, count: ticks.count - start };
  };
}

function firstOf(ticks: TickSequence, count: number): TickRange | null {
  return count === 0 ? null : { from: ticks.at(0), to: ticks.at(count - 1), count };
}

/** The number of the first tick after an instant, by bisection; one past the last when none is. */
function firstAfter(instant: Date, ticks: TickSequence): number {
  let [low, high] = [0, ticks.count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (ticks.at(middle) > instant) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The ticks from `first` on, itself included, that are before `end`. */
function ticksBefore(end: Date, definition: Definition, first: Date): TickSequence {
  if (definition.kind === 'cron') return walkedTicks(end, definition, first);
  const periodMs = parseInterval(definition.text);
  return {
    count: Math.ceil((end.getTime() - first.getTime()) / periodMs),
    at: (n) => new Date(first.getTime() + n * periodMs),
    hasMore: false,
  };
}

function walkedTicks(end: Date, definition: Definition, first: Date): TickSequence {
  const ticks: Date[] = [];
  let tick: Date | null = first;
  while (tick !== null && tick < end && ticks.length < MAX_COUNTED_TICKS) {
    ticks.push(tick);
    tick = nextTick(definition, tick);
  }
  return { count: ticks.length, at: (n) => ticks[n], hasMore: tick !== null && tick < end };
}

function secondsBefore(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() - seconds * 1_000);
}
