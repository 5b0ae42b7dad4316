import { type Definition, nextTick } from './definition.js';
import { parseInterval } from './interval.js';

/** A tick at most this late is on time. */
export const LATE_TICK_GRACE_SECONDS = 60;
/** The most ticks of a crontab that are counted in one go; about a second of work. */
export const MAX_COUNTED_TICKS = 10_000;

export interface TickRange {
  from: Date;
  to: Date;
  count: number;
}

/** What is to be done about a trigger that is due. */
export interface DuePlan {
  /** ticks that are given up, to be recorded; null when there are none */
  missed: TickRange | null;
  /** the tick to fire; null when all late ones are older than the catch-up window */
  tick: Date | null;
  /** the oldest tick that remains; null when the definition has no further one */
  nextFireAt: Date | null;
}

/**
 * The rule for late ticks. One up to 60 s late is fired, alone: the caller asks again while the trigger is still due.
 * Of older ones the latest is fired if it lies within the catch-up window, and the others are missed. A crontab with
 * more than 10,000 older ones is cleared in several calls, each but the last of which only gives ticks up.
 *
 * @param nextFireAt the oldest tick not taken, at or before `now`
 */
export function planDue(definition: Definition, nextFireAt: Date, now: Date, catchUpWindowSeconds: number): DuePlan {
  const grace = new Date(now.getTime() - LATE_TICK_GRACE_SECONDS * 1000);
  if (nextFireAt >= grace) return { missed: null, tick: nextFireAt, nextFireAt: nextTick(definition, nextFireAt) };
  const late = lateTicks(definition, nextFireAt, grace);
  const next = nextTick(definition, late.to);
  const isWithinWindow = late.to.getTime() >= now.getTime() - catchUpWindowSeconds * 1000;
  const isLatest = !next || next >= grace;
  if (!isWithinWindow || !isLatest) return { missed: late, tick: null, nextFireAt: next };
  const missed = late.count > 1 ? { from: late.from, to: late.lastBut, count: late.count - 1 } : null;
  return { missed, tick: late.to, nextFireAt: next };
}

/**
 * The number of ticks after `after`, up to and with `to`; at most MAX_COUNTED_TICKS for a crontab.
 */
export function countTicks(definition: Definition, after: Date, to: Date): number {
  const first = nextTick(definition, after);
  if (!first || first > to) return 0;
  return lateTicks(definition, first, new Date(to.getTime() + 1)).count;
}

/** The ticks from `first` on that come before `end`. */
function lateTicks(definition: Definition, first: Date, end: Date): TickRange & { lastBut: Date } {
  if (definition.kind === 'interval') {
    const periodMs = parseInterval(definition.text);
    const count = Math.ceil((end.getTime() - first.getTime()) / periodMs);
    const at = (i: number) => new Date(first.getTime() + i * periodMs);
    return { from: first, to: at(count - 1), lastBut: at(count - 2), count };
  }
  let count = 1;
  let to = first;
  let lastBut = first;
  for (let tick = nextTick(definition, first); tick && tick < end && count < MAX_COUNTED_TICKS; count++) {
    [lastBut, to] = [to, tick];
    tick = nextTick(definition, tick);
  }
  return { from: first, to, lastBut, count };
}
