import { v5 as uuidv5 } from 'uuid';
import { parseCron } from '../schedules/definitions/cron.js';
import { DefinitionError } from '../schedules/definitions/definition-error.js';
import { MAX_INTERVAL_MS, MIN_INTERVAL_MS, parseInterval } from '../schedules/definitions/interval.js';
import { crontabThere, FIELD_RANGES, fieldsThere, intervalThere } from './definitions-there.js';
import type { LegacySchedule } from './legacy-database.js';

/** What to take in place of a row that ran there and is refused here. */
export interface Proposal {
  /** what changes, for the operator */
  text: string;
  /** usually one; a row that ran by both of its definitions becomes two */
  rows: LegacySchedule[];
}

/** Returns the id of the second schedule of a row with two definitions: the same in every run. */
export function secondId(id: string): string {
  return uuidv5('interval_definition', id);
}

/**
 * Returns the nearest row that this service may take, null if nothing has to be replaced. The caller checks it as any
 * other row: faults of other fields stay.
 */
export function proposalFor(row: LegacySchedule): Proposal | null {
  const parts: string[] = [];
  const propose = (field: 'cron_definition' | 'interval_definition', text: string | null, proposed: string | null) => {
    if (proposed !== null && proposed !== text) parts.push(`${field} "${proposed}"`);
    return proposed ?? text;
  };
  const cron = row.cron_definition?.trim() || null;
  const interval = row.interval_definition?.trim() || null;
  const fixed: LegacySchedule = {
    ...row,
    cron_definition: cron && propose('cron_definition', cron, cronProposal(cron)),
    interval_definition: interval && propose('interval_definition', interval, intervalProposal(interval)),
  };
  if (fixed.frequency !== null && Number(fixed.frequency) < 1) {
    fixed.frequency = null;
    parts.push('no frequency');
  }
  if (fixed.triggered !== null && Number(fixed.triggered) < 0) {
    fixed.triggered = '0';
    parts.push('triggered 0');
  }
  const { rows, text } = cron && interval ? separated(fixed, cron, interval) : { rows: [fixed], text: null };
  if (text !== null) parts.push(text);
  return parts.length > 0 ? { text: parts.join(', '), rows } : null;
}

/** A row with both definitions ran by each one that the replaced service could run. */
function separated(row: LegacySchedule, cron: string, interval: string): { rows: LegacySchedule[]; text: string } {
  const byCron = { ...row, interval_definition: null };
  const byInterval = { ...row, cron_definition: null };
  if (!crontabThere(cron)) return { rows: [byInterval], text: 'interval_definition alone, by which it ran' };
  if (!intervalThere(interval)) return { rows: [byCron], text: 'cron_definition alone, by which it ran' };
  const second = secondId(row.id);
  return {
    rows: [byCron, { ...byInterval, id: second }],
    text: `two schedules, since it ran by both: cron_definition under its id, interval_definition under ${second}`,
  };
}

function cronProposal(text: string): string | null {
  const ran = crontabThere(text);
  const fields = fieldsThere(text);
  if (!ran || !fields || isReadable(() => parseCron(text))) return null;
  const proposed = fields.map((field, i) => (isFieldReadable(field, i) ? field : textOf(ran[i], FIELD_RANGES[i].size)));
  return proposed.join(' ');
}

/** Whether a field can stay as it is: a text that begins with an asterisk means more than its values. */
function isFieldReadable(field: string, index: number): boolean {
  const fields = ['*', '*', '*', '*', '*'].with(index, field);
  return isReadable(() => parseCron(fields.join(' ')));
}

function textOf(values: number[], size: number): string {
  if (values.length === size) return '*';
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last && last[1] === value - 1) last[1] = value;
    else runs.push([value, value]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

function intervalProposal(text: string): string | null {
  const ran = intervalThere(text);
  if (!ran || isReadable(() => parseInterval(text))) return null;
  const ms = ran.microseconds / 1000;
  if (ms < MIN_INTERVAL_MS) return '1 seconds';
  if (ms > MAX_INTERVAL_MS) return '3650 days';
  return Number.isInteger(ms) ? `${ran.every} ${ran.unit}` : `${Math.round(ms) * 1000} microseconds`;
}

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof DefinitionError) return false;
    throw error;
  }
}
