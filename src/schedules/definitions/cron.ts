import { type CronField, DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH, parseField } from './cron-field.js';
import { DefinitionError, assertDefinitionLength } from './definition-error.js';

export interface ParsedCron {
  minute: CronField;
  hour: CronField;
  dayOfMonth: CronField;
  month: CronField;
  dayOfWeek: CronField;
}

const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

const LONGEST_MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads a crontab text: five fields with Vixie's meaning, or a nickname such as `@daily`. A sixth field, the year, is
 * accepted as `*` and ignored.
 *
 * Not accepted: `@reboot`; L, W, # and ?; what can never fire.
 *
 * @throws DefinitionError
 */
export function parseCron(text: string): ParsedCron {
  assertDefinitionLength(text);
  const fields = fieldsOf(text.trim());
  const parsed: ParsedCron = {
    minute: parseField(MINUTE, fields[0]),
    hour: parseField(HOUR, fields[1]),
    dayOfMonth: parseField(DAY_OF_MONTH, fields[2]),
    month: parseField(MONTH, fields[3]),
    dayOfWeek: parseField(DAY_OF_WEEK, fields[4]),
  };
  assertFires(parsed, fields);
  return parsed;
}

/**
 * Vixie's rule: a date must match both day fields, unless neither begins with an asterisk; then one of them is enough.
 */
export function eitherDayMatches({ dayOfMonth, dayOfWeek }: ParsedCron): boolean {
  return !dayOfMonth.isWildcard && !dayOfWeek.isWildcard;
}

function fieldsOf(text: string): string[] {
  const fields = (text.startsWith('@') ? expandNickname(text) : text).split(/\s+/).filter((field) => field !== '');
  if (fields.length === 6) {
    const year = fields.pop();
    if (year !== '*') {
      throw new DefinitionError(`a sixth field is the year and is only accepted as *, found "${year}"`);
    }
  }
  if (fields.length !== 5) {
    throw new DefinitionError(`expected 5 fields (minute hour day-of-month month day-of-week), found ${fields.length}`);
  }
  return fields;
}

function expandNickname(text: string): string {
  const nickname = text.toLowerCase();
  if (!Object.hasOwn(NICKNAMES, nickname)) {
    throw new DefinitionError(`"${text}" is not supported, expected one of ${Object.keys(NICKNAMES).join(', ')}`);
  }
  return NICKNAMES[nickname];
}

function assertFires(parsed: ParsedCron, fields: readonly string[]): void {
  const firstDay = parsed.dayOfMonth.values[0];
  const someMonthHasTheDay = parsed.month.values.some((month) => firstDay <= LONGEST_MONTH_DAYS[month - 1]);
  // A weekday alone comes in every month; and in 400 years each date of a leap year falls on each weekday.
  if (!someMonthHasTheDay && !eitherDayMatches(parsed)) {
    throw new DefinitionError(`this never fires: month ${fields[3]} has no day ${fields[2]}`);
  }
}
