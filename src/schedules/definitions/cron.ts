import { Cron } from 'croner';
import { CRON_FIELDS, fieldValues } from './cron-field.js';
import { DefinitionError } from './definition-error.js';

const MAX_LENGTH = 200;
const CACHE_SIZE = 10_000;

const MACROS: Record<string, string> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

// 29 February and a given weekday meet once in 28 years, or in 40 across a century that is no leap year.
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

// Making a Cron costs more than asking it, so those last used are kept.
const cache = new Map<string, Cron>();

/**
 * Checks a crontab text: five fields with Vixie's meaning, a sixth (the year) only as `*`, or a macro such as @daily.
 *
 * @throws DefinitionError that names the field and what is wrong with it
 */
export function parseCron(text: string): void {
  normalise(text);
}

/**
 * The first instant after `after` that a crontab names, or null when there is none.
 *
 * @param timeZone IANA name. A fixed time inside a spring gap runs once, at the first instant after it; in a repeated
 *   hour it runs once; a wildcard minute or hour follows elapsed time.
 * @throws DefinitionError
 */
export function nextCronTick(text: string, timeZone: string, after: Date): Date | null {
  return cronOf(text, timeZone).nextRun(after);
}

function cronOf(text: string, timeZone: string): Cron {
  const key = `${timeZone} ${text}`;
  let cron = cache.get(key);
  if (cron) cache.delete(key);
  else cron = makeCron(text, timeZone);
  cache.set(key, cron);
  if (cache.size > CACHE_SIZE) cache.delete(cache.keys().next().value ?? '');
  return cron;
}

function makeCron(text: string, timeZone: string): Cron {
  const { pattern, isEitherDay } = normalise(text);
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw new DefinitionError(`unknown time zone "${timeZone}"`);
  }
  return new Cron(pattern, { timezone: timeZone, paused: true, domAndDow: !isEitherDay });
}

/** A text of numbers only, in which nothing is left to interpret. */
function normalise(text: string): { pattern: string; isEitherDay: boolean } {
  if (text.length > MAX_LENGTH) throw new DefinitionError(`longer than ${MAX_LENGTH} characters`);
  const fields = expand(text.trim()).split(/\s+/);
  if (fields.length === 6) {
    if (fields.pop() !== '*') throw new DefinitionError('a sixth field, the year, is accepted only as *');
  }
  if (fields.length !== 5) {
    const names = CRON_FIELDS.map(({ name }) => name.replaceAll(' ', '-')).join(' ');
    throw new DefinitionError(`expected 5 fields (${names}), found ${fields.length}`);
  }
  const values = CRON_FIELDS.map((field, i) => fieldValues(fields[i] ?? '', field));
  const [, , days = [], months = [], weekdays = []] = values;
  // Vixie's rule: a day field counts as restricted unless it begins with a star.
  const isEitherDay = !fields[2]?.startsWith('*') && !fields[4]?.startsWith('*');
  const everFires = isEitherDay || months.some((month) => days.some((day) => day <= (LONGEST_MONTHS[month - 1] ?? 0)));
  if (!everFires) throw new DefinitionError(`day of month ${fields[2]} never comes in month ${fields[3]}`);
  values[4] = [...new Set(weekdays.map((day) => day % 7))].sort((a, b) => a - b);
  const pattern = values.map((list, i) => (isComplete(list, i) ? '*' : list.join(','))).join(' ');
  return { pattern, isEitherDay };
}

function expand(text: string): string {
  if (!text.startsWith('@')) return text;
  const pattern = MACROS[text.toLowerCase()];
  if (!pattern) throw new DefinitionError(`"${text}" is not one of ${Object.keys(MACROS).join(' ')}`);
  return pattern;
}

function isComplete(list: number[], i: number): boolean {
  const { min = 0, max = 0 } = CRON_FIELDS[i] ?? {};
  return list.length === (i === 4 ? 7 : max - min + 1);
}
