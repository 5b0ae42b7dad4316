import { type Definition, nextTick } from './definition.js';
import { parseInterval } from './interval.js';

/** Seconds. A tick exactly this late is still on time. */
export const LATE_TICK_GRACE_SECONDS = 60;

/** The most cron ticks that one call counts, since they have to be walked. Intervals are counted by arithmetic. */
export const MAX_COUNTED_TICKS = 10_000;

export interface DuePlan {
  /** ticks that are dropped, oldest first; to be recorded as missed; null when there are none */
  missed: { from: Date; to: Date; count: number } | null;
  /** the tick to fire now; null when every late one is older than the catch-up window, or more are to be counted */
  tick: Date | null;
  /** the trigger's next_fire_at after this plan, which may be due as well; null when there is no further tick */
  nextFireAt: Date | null;
}

interface LateTicks {
  /** the latest of them, unless `hasMore` */
  last: Date;
  /** the one before `last`; null when `last` is the only one */
  lastButOne: Date | null;
  count: number;
  /** the tick after `last` is late too: counting stopped at the limit */
  hasMore: boolean;
}

/**
 * What to do with a trigger whose oldest untaken tick is `nextFireAt`. On time: that tick fires alone, and the caller
 * comes back while the trigger is due. Late: the latest of the late ticks fires, if it is at most
 * `catchUpWindowSeconds` old, and the others are missed. Beyond MAX_COUNTED_TICKS late ticks, the first of them are
 * missed, nothing fires, and the caller comes back for the rest. Not due yet: nothing changes.
 */
export function planDue(definition: Definition, nextFireAt: Date, now: Date, catchUpWindowSeconds: number): DuePlan {
  if (nextFireAt > now) return { missed: null, tick: null, nextFireAt };
  const onTimeFrom = new Date(now.getTime() - LATE_TICK_GRACE_SECONDS * 1_000);
  if (nextFireAt >= onTimeFrom) return { missed: null, tick: nextFireAt, nextFireAt: nextTick(definition, nextFireAt) };

  const late = lateTicks(definition, nextFireAt, onTimeFrom);
  const following = nextTick(definition, late.last);
  const isTooOld = now.getTime() - late.last.getTime() > catchUpWindowSeconds * 1_000;
  if (late.hasMore || isTooOld) {
    return { missed: { from: nextFireAt, to: late.last, count: late.count }, tick: null, nextFireAt: following };
  }
  const missed = late.lastButOne && { from: nextFireAt, to: late.lastButOne, count: late.count - 1 };
  return { missed, tick: late.last, nextFireAt: following };
}

/**
 * How many ticks there are in (after, to]. Exact for an interval; for cron at most MAX_COUNTED_TICKS, which then means
 * "that many or more". A range that planDue reported as missed never holds more.
 */
export function countTicks(definition: Definition, after: Date, to: Date): number {
  if (definition.kind === 'interval') {
    const periodMs = parseInterval(definition.text);
    const upTo = (instant: Date) =>
      Math.max(0, Math.floor((instant.getTime() - definition.phase.getTime()) / periodMs));
    return Math.max(0, upTo(to) - upTo(after));
  }
  let count = 0;
  let tick = nextTick(definition, after);
  while (tick !== null && tick <= to && count < MAX_COUNTED_TICKS) {
    count += 1;
    tick = nextTick(definition, tick);
  }
  return count;
}

/** The ticks from `first` on, itself included, that are before `onTimeFrom`. */
function lateTicks(definition: Definition, first: Date, onTimeFrom: Date): LateTicks {
  return definition.kind === 'interval'
    ? lateIntervalTicks(parseInterval(definition.text), first, onTimeFrom)
    : lateCronTicks(definition, first, onTimeFrom);
}

function lateIntervalTicks(periodMs: number, first: Date, onTimeFrom: Date): LateTicks {
  const further = Math.floor((onTimeFrom.getTime() - 1 - first.getTime()) / periodMs);
  const at = (n: number) => new Date(first.getTime() + n * periodMs);
  return { last: at(further), lastButOne: further > 0 ? at(further - 1) : null, count: further + 1, hasMore: false };
}

function lateCronTicks(definition: Definition, first: Date, onTimeFrom: Date): LateTicks {
  let last = first;
  let lastButOne: Date | null = null;
  let count = 1;
  for (;;) {
    const next = nextTick(definition, last);
    if (next === null || next >= onTimeFrom) return { last, lastButOne, count, hasMore: false };
    if (count === MAX_COUNTED_TICKS) return { last, lastButOne, count, hasMore: true };
    lastButOne = last;
    last = next;
    count += 1;
  }
}
