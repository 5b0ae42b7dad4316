import { DefinitionError } from './definition-error.js';

/** One of the five fields of a crontab. */
export interface CronField {
  name: string;
  min: number;
  max: number;
  /** names of values from `min` on */
  names: string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** In the order in which they are written. */
export const CRON_FIELDS: readonly CronField[] = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 7, names: WEEKDAYS },
];

/**
 * The values that a field stands for, with Vixie's meaning: lists of values, ranges and `*`, the latter two with
 * steps. `5/15` is `5-59/15`, as in cronie.
 *
 * @returns ascending, each once
 * @throws DefinitionError
 */
export function fieldValues(text: string, field: CronField): number[] {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const { from, to, step } = parseItem(item, field);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function parseItem(item: string, field: CronField): { from: number; to: number; step: number } {
  const [range = '', stepText, ...rest] = item.split('/');
  if (range === '' || rest.length > 0) throw new DefinitionError(`${field.name} "${item}" is not understood`);
  const step = stepText === undefined ? 1 : parseStep(stepText, field);
  if (range === '*') return { from: field.min, to: field.name === 'day of week' ? 6 : field.max, step };
  const [fromText = '', toText, ...more] = range.split('-');
  if (more.length > 0) throw new DefinitionError(`${field.name} "${item}" is not understood`);
  const from = parseValue(fromText, field);
  const to = toText === undefined ? (stepText === undefined ? from : field.max) : parseValue(toText, field);
  if (to < from) throw new DefinitionError(`${field.name} range ${range} runs backwards`);
  return { from, to, step };
}

function parseStep(text: string, field: CronField): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) === 0) {
    throw new DefinitionError(`${field.name} step "${text}" is not a positive number`);
  }
  return Number(text);
}

function parseValue(text: string, { name, min, max, names }: CronField): number {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return min + named;
  if (!/^\d{1,9}$/.test(text)) {
    const choice = names.length > 0 ? `a number or one of ${names[0]}-${names.at(-1)}` : 'a number';
    throw new DefinitionError(`${name} "${text}" is not ${choice}`);
  }
  const value = Number(text);
  if (value < min || value > max) throw new DefinitionError(`${name} ${text} is out of range ${min}-${max}`);
  return value;
}
