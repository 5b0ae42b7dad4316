import { nextCronTick } from './cron-ticks.js';
import { parseInterval, nextIntervalTick } from './interval.js';

export { DefinitionError } from './definition-error.js';

/** `text` as of parseCron, `timeZone` an IANA name. */
export type CronDefinition = { kind: 'cron'; text: string; timeZone: string };

/** `text` as of parseInterval. Ticks are `phase` + n periods, n >= 1; `phase` is a whole second. */
export type IntervalDefinition = { kind: 'interval'; text: string; phase: Date };

export type Definition = CronDefinition | IntervalDefinition;

/**
 * The first tick strictly after `after`, or null when there is none before the year 3000 (cron)
 * or the end of representable time (interval).
 *
 * @throws DefinitionError when the text or the time zone is not valid
 */
export function nextTick(definition: Definition, after: Date): Date | null {
  if (Number.isNaN(after.getTime())) throw new RangeError('nextTick needs a valid date');
  const tick =
    definition.kind === 'cron'
      ? nextCronTick(definition.text, definition.timeZone, after.getTime())
      : nextIntervalTick(parseInterval(definition.text), definition.phase.getTime(), after.getTime());
  return tick === null ? null : new Date(tick);
}
