import { parseCron } from './cron.js';
import type { CronDefinition, Definition, IntervalDefinition } from './definition.js';
import { parseInterval } from './interval.js';

const DEFAULT_TIME_ZONE = 'UTC';

/** @throws DefinitionError that says what is wrong and where */
export function cronDefinition(text: string): CronDefinition {
  parseCron(text);
  return { kind: 'cron', text: text.trim(), timeZone: DEFAULT_TIME_ZONE };
}

/**
 * @param start when its schedule was created: the first tick is one period after it, cut to the second
 * @throws DefinitionError that says what is wrong
 */
export function intervalDefinition(text: string, start: Date): IntervalDefinition {
  return { kind: 'interval', text: text.trim(), phase: phaseOf(parseInterval(text), start) };
}

/**
 * @param start as of intervalDefinition
 * @throws DefinitionError that says what is wrong
 */
export function newDefinition({ kind, text }: { kind: Definition['kind']; text: string }, start: Date): Definition {
  return kind === 'cron' ? cronDefinition(text) : intervalDefinition(text, start);
}

/** The earliest instant from 1970 on that has the same ticks, so that schedules with the same ticks share a trigger. */
function phaseOf(periodMs: number, start: Date): Date {
  const anchor = Math.floor(start.getTime() / 1000) * 1000;
  return new Date(anchor % periodMs);
}
