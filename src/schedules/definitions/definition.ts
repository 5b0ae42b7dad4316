import { nextCronTick, parseCron } from './cron.js';
import { nextIntervalTick, parseInterval, phaseOf } from './interval.js';

export interface CronDefinition {
  kind: 'cron';
  text: string;
  /** IANA name */
  timeZone: string;
}

export interface IntervalDefinition {
  kind: 'interval';
  text: string;
  /** ticks are whole periods from here, in both directions */
  phase: Date;
}

export type Definition = CronDefinition | IntervalDefinition;

export const DEFAULT_TIME_ZONE = 'UTC';

/** @throws DefinitionError */
export function cronDefinition(text: string): CronDefinition {
  parseCron(text);
  return { kind: 'cron', text: text.trim(), timeZone: DEFAULT_TIME_ZONE };
}

/** @param start when its schedule was created: ticks are counted from there. @throws DefinitionError */
export function intervalDefinition(text: string, start: Date): IntervalDefinition {
  return { kind: 'interval', text: text.trim(), phase: phaseOf(parseInterval(text), start) };
}

/**
 * The first tick strictly after `after`, or null when there is none.
 *
 * @throws DefinitionError
 */
export function nextTick(definition: Definition, after: Date): Date | null {
  return definition.kind === 'cron'
    ? nextCronTick(definition.text, definition.timeZone, after)
    : nextIntervalTick(parseInterval(definition.text), definition.phase, after);
}
