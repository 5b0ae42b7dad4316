import { DefinitionError } from './definition-error.js';

export interface CronField {
  /** sorted, without repeats; Sunday is 0 */
  values: readonly number[];
  /** the text begins with an asterisk: in Vixie's rules that, and not the set of values, makes a wildcard */
  isWildcard: boolean;
}

interface FieldSpec {
  name: string;
  min: number;
  max: number;
  names: readonly string[];
  /** value of the first name */
  firstName: number;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export const MINUTE: FieldSpec = { name: 'minute', min: 0, max: 59, names: [], firstName: 0 };
export const HOUR: FieldSpec = { name: 'hour', min: 0, max: 23, names: [], firstName: 0 };
export const DAY_OF_MONTH: FieldSpec = { name: 'day of month', min: 1, max: 31, names: [], firstName: 0 };
export const MONTH: FieldSpec = { name: 'month', min: 1, max: 12, names: MONTHS, firstName: 1 };
export const DAY_OF_WEEK: FieldSpec = { name: 'day of week', min: 0, max: 7, names: DAYS, firstName: 0 };

/**
 * Reads one field: a comma-separated list of values, ranges and asterisks, each with a step if need be.
 * `5/15` is `5-59/15`, as in cronie.
 *
 * @throws DefinitionError
 */
export function parseField(spec: FieldSpec, text: string): CronField {
  const values = new Set<number>();
  for (const entry of text.split(',')) {
    for (const value of valuesOf(spec, entry, text)) values.add(spec === DAY_OF_WEEK ? value % 7 : value);
  }
  return { values: [...values].sort((a, b) => a - b), isWildcard: text.startsWith('*') };
}

function valuesOf(spec: FieldSpec, entry: string, field: string): number[] {
  if (entry === '') throw new DefinitionError(`${spec.name} has an empty entry in "${field}"`);
  const [range, stepText, ...tooMuch] = entry.split('/');
  if (tooMuch.length > 0) throw new DefinitionError(`${spec.name} "${entry}" has more than one step`);
  const [from, end] = boundsOf(spec, range, entry);
  const to = end ?? (stepText === undefined ? from : spec.max);
  const step = stepText === undefined ? 1 : stepOf(spec, stepText);
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
}

/** The two ends; no second one for a single value. Sunday by its name ends a week as well as it begins one. */
function boundsOf(spec: FieldSpec, range: string, entry: string): [number, number?] {
  if (range === '*') return [spec.min, spec.max];
  // Only what could be a range is split, so that the message for "-5" or "1-" quotes the whole of it.
  const ends = /^[^-]+-[^-]+$/.test(range) ? range.split('-') : [range];
  const [from, end] = ends.map((text) => valueOf(spec, text, entry));
  const isSundayLast = spec === DAY_OF_WEEK && from > 0 && ends[1]?.toLowerCase() === DAYS[0];
  const to = isSundayLast ? spec.max : end;
  if (to !== undefined && from > to) {
    const hint = spec === DAY_OF_WEEK && to === 0 ? ': Sunday is 7 at the end of a range' : '';
    throw new DefinitionError(`${spec.name} range ${range} runs backwards${hint}`);
  }
  return [from, to];
}

function valueOf(spec: FieldSpec, text: string, entry: string): number {
  const named = spec.names.indexOf(text.toLowerCase());
  if (named >= 0) return spec.firstName + named;
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    if (value < spec.min || value > spec.max) {
      throw new DefinitionError(`${spec.name} ${text} is out of range ${spec.min}-${spec.max}`);
    }
    return value;
  }
  if (/[#?]/.test(entry) || /^([a-z]{3}|\d*)(L|W|LW|WL)(-\d+)?$/i.test(entry)) {
    throw new DefinitionError(`${spec.name} "${entry}": L, W, # and ? are not supported`);
  }
  const orNames = spec.names.length > 0 ? ` or one of ${spec.names[0]}-${spec.names.at(-1)}` : '';
  throw new DefinitionError(`${spec.name} "${text}" is not a number${orNames}`);
}

function stepOf(spec: FieldSpec, text: string): number {
  if (!/^\d+$/.test(text)) throw new DefinitionError(`${spec.name} step "${text}" is not a number`);
  if (Number(text) === 0) throw new DefinitionError(`${spec.name} step must be at least 1, found ${text}`);
  return Number(text);
}
