import type { Definition } from './definition.js';
import { type LateTicks, partAfter, type TickRange } from './due-plan.js';

/** Which late ticks a schedule is given after all: the latest one, none, or all that can be caught up with. */
export const CATCH_UPS = ['latest', 'none', 'all'] as const;
export type CatchUp = (typeof CATCH_UPS)[number];

/** What of a schedule decides which late ticks it gets. */
export interface Participant {
  catchUp: CatchUp;
  /** it takes part in ticks after this instant only */
  activeSince: Date;
}

/** The late ticks that a schedule is given, oldest first. Each of the others that it took part in is missed. */
export function caughtUpTicks({ replay }: LateTicks, { catchUp, activeSince }: Participant): Date[] {
  const ticks = replay.filter((tick) => tick > activeSince);
  return catchUp === 'all' ? ticks : catchUp === 'latest' ? ticks.slice(-1) : [];
}

/**
 * The late ticks that a schedule took part in and is not given, exactly counted; null when there are none. As a
 * function, to be asked for each schedule of the trigger: see `partAfter`.
 */
export function missedTicks(late: LateTicks, definition: Definition): (schedule: Participant) => TickRange | null {
  const droppedAfter = late.dropped ? partAfter(late.dropped, definition) : () => null;
  return (schedule) => {
    const ticks = late.replay.filter((tick) => tick > schedule.activeSince);
    const given = caughtUpTicks(late, schedule).length;
    return joined(droppedAfter(schedule.activeSince), ticks.slice(0, ticks.length - given));
  };
}

/** A range and the ticks that follow it, as one range. */
function joined(range: TickRange | null, ticks: Date[]): TickRange | null {
  const last = ticks.at(-1);
  if (!last) return range;
  return { from: range?.from ?? ticks[0], to: last, count: (range?.count ?? 0) + ticks.length };
}
