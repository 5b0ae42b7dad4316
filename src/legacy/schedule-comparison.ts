import type { Changes, Shown } from './difference.js';
import type { WantedSchedule } from './legacy-schedule.js';
import type { Definition } from '../schedules/definitions/definition.js';
import { definitionOf, type DefinitionRow } from '../schedules/trigger.entity.js';
import { MASKED_TOKEN } from '../schedules/schedules.dto.js';

/** A schedule as it is here. */
export interface ScheduleHere extends DefinitionRow {
  id: string;
  frequency: number | null;
  endpoint: string;
  payload: string;
  auth_token: Buffer | null;
  enabled: boolean;
  triggered: number;
  last_run: Date | null;
  created_by: number | null;
  trigger_id: string;
  /** PostgreSQL's text, microseconds and all */
  updated_at: string;
  is_changed_here: boolean;
}

/**
 * The wanted schedule with what is not to be taken back: its trigger while the definition stays, its runs here, and its
 * owner, if there it has none.
 *
 * @returns a copy
 */
export function reconciled(wanted: WantedSchedule, here: ScheduleHere): WantedSchedule {
  const isRedefined = wanted.definition.kind !== here.kind || wanted.definition.text !== here.text;
  const triggered = Math.max(wanted.triggered, here.triggered);
  const isSpent = wanted.frequency !== null && triggered >= wanted.frequency;
  return {
    ...wanted,
    triggered,
    lastRun: laterOf(wanted.lastRun, here.last_run),
    createdBy: wanted.createdBy ?? here.created_by,
    enabled: wanted.enabled && !isSpent,
    definition: isRedefined ? wanted.definition : definitionOf(here),
  };
}

/**
 * What differs, by field; null when nothing does.
 *
 * @param wanted reconciled
 * @param tokenHere undefined when it cannot be opened
 */
export function changesOf(
  wanted: WantedSchedule,
  here: ScheduleHere,
  tokenHere: string | null | undefined,
): Changes | null {
  const changes: Changes = {};
  const compare = (field: string, before: Shown, after: Shown) => {
    if (before !== after) changes[field] = { before, after };
  };
  compare('definition', definitionText(here), definitionText(wanted.definition));
  compare('frequency', here.frequency, wanted.frequency);
  compare('endpoint', here.endpoint, wanted.endpoint);
  compare('payload', here.payload, wanted.payload);
  compare('enabled', here.enabled, wanted.enabled);
  compare('triggered', here.triggered, wanted.triggered);
  compare('last_run', here.last_run?.toISOString() ?? null, wanted.lastRun?.toISOString() ?? null);
  compare('created_by', here.created_by, wanted.createdBy);
  if (tokenHere !== wanted.authToken) {
    changes.auth_token = { before: masked(here.auth_token), after: masked(wanted.authToken) };
  }
  return Object.keys(changes).length > 0 ? changes : null;
}

function laterOf(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}

export function definitionText({ kind, text }: Pick<Definition, 'kind' | 'text'>): string {
  return kind === 'cron' ? text : `every ${text}`;
}

function masked(token: Buffer | string | null): string | null {
  return token === null ? null : MASKED_TOKEN;
}
