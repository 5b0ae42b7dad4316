import { type FieldMessages, InvalidInputError } from '../http/domain-error.js';
import { CATCH_UPS } from './definitions/catch-up.js';
import { OVERLAPS, type Schedule } from './schedule.entity.js';

/** Columns and definition texts that a schedule must have; what is absent is not looked at. */
export type ScheduleFilter = Partial<
  Pick<Schedule, 'triggered' | 'enabled' | 'endpoint' | 'catchUp' | 'overlap'> & {
    frequency: number;
    cron: string;
    interval: string;
  }
>;

/**
 * The filter that a query string asks for: `frequency`, `triggered`, `enabled`, `endpoint`, `cron_definition`,
 * `interval_definition`, `catch_up`, `overlap`. Blank values and other names are passed over.
 *
 * @throws InvalidInputError
 */
export function scheduleFilter(query: Record<string, unknown>): ScheduleFilter {
  const faults: FieldMessages = {};
  const text = (name: string) => (typeof query[name] === 'string' && query[name].trim()) || undefined;
  const number = (name: string) => {
    const value = text(name);
    if (value !== undefined && !/^\d{1,9}$/.test(value)) faults[name] = ['Enter a whole number.'];
    return value === undefined ? undefined : Number(value);
  };
  const flag = (name: string) => {
    const value = text(name)?.toLowerCase();
    if (value !== undefined && !/^(true|false|1|0)$/.test(value)) faults[name] = ['Enter true or false.'];
    return value === undefined ? undefined : value === 'true' || value === '1';
  };
  const choice = <T extends string>(name: string, choices: readonly T[]): T | undefined => {
    const value = text(name);
    const chosen = choices.find((one) => one === value);
    if (value !== undefined && !chosen) {
      faults[name] = [`Select a valid choice. ${value} is not one of the available choices.`];
    }
    return chosen;
  };
  const filter = {
    frequency: number('frequency'),
    triggered: number('triggered'),
    enabled: flag('enabled') ?? flag('active'),
    endpoint: text('endpoint'),
    catchUp: choice('catch_up', CATCH_UPS),
    overlap: choice('overlap', OVERLAPS),
    cron: text('cron_definition'),
    interval: text('interval_definition'),
  };
  if (Object.keys(faults).length > 0) throw new InvalidInputError(faults);
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}
