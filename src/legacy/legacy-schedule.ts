import { InvalidInputError } from '../http/domain-error.js';
import { RawJson } from '../http/raw-json.js';
import type { AddressPolicy } from '../outbound/address-policy.js';
import type { Definition } from '../schedules/definitions/definition.js';
import { eitherDayMatches, parseCron } from '../schedules/definitions/cron.js';
import { newDefinition } from '../schedules/definitions/new-definition.js';
import { NO_DEFINITION, scheduleChanges } from '../schedules/schedule-input.js';
import { crontabThere, intervalThere } from './definitions-there.js';
import type { FrequencyDecision } from './import-options.js';
import type { LegacySchedule } from './legacy-database.js';
import type { UserIds } from './people.js';

const MAX_INTEGER = 2_147_483_647;
const MAX_TEXT = 2048;
const TOKEN = /^[\x21-\x7e]+$/;

/** A schedule of the replaced service as this one would have it. */
export interface WantedSchedule {
  id: string;
  definition: Definition;
  frequency: number | null;
  endpoint: string;
  payload: string;
  authToken: string | null;
  enabled: boolean;
  triggered: number;
  lastRun: Date | null;
  createdBy: number | null;
  updatedBy: number | null;
  /** PostgreSQL's text, microseconds and all; null for the present */
  createdAt: string | null;
  updatedAt: string | null;
  /** what is to be known about it */
  notes: string[];
}

export interface MappingContext {
  addresses: AddressPolicy;
  users: UserIds;
  /** who gets schedules without a creator: id here, null for one who is to be added; undefined: nobody */
  heir?: number | null;
  frequency: FrequencyDecision | null;
  now: Date;
}

/**
 * Reads a row as the API would read it from a client.
 *
 * @throws InvalidInputError that names every fault
 */
export function wantedSchedule(row: LegacySchedule, context: MappingContext): WantedSchedule {
  const { addresses, users, heir, now } = context;
  const input = inputOf(row);
  const { definition: given, endpoint, payload } = scheduleChanges(input, addresses);
  if (!given || endpoint === undefined) throw new InvalidInputError({ non_field_errors: [NO_DEFINITION] });
  const definition = newDefinition(given, phaseStart(row, now));
  const frequency = context.frequency === 'drop' ? null : wholeNumber('frequency', row.frequency, 1);
  const triggered = wholeNumber('triggered', row.triggered, 0) ?? 0;
  const wasEnabled = row.enabled !== false;
  const isSpent = frequency !== null && triggered >= frequency;
  const owner = row.created_by_id;
  const notes: string[] = [];
  if (wasEnabled && row.frequency !== null) notes.push(frequencyNote(row.frequency, triggered, context.frequency));
  if (wasEnabled && !ranThere(definition))
    notes.push('never ran there, because its definition could not be read; runs here');
  if (owner !== null && !users.has(owner)) notes.push('its creator is not taken');
  if (definition.kind === 'cron' && eitherDayMatches(parseCron(definition.text))) {
    notes.push('runs on days that match either day field, where the replaced service wanted both to match');
  }
  return {
    id: row.id,
    ...{ definition, frequency, endpoint, triggered, notes },
    payload: payload ?? 'null',
    authToken: row.auth_token?.trim() || null,
    enabled: wasEnabled && !isSpent,
    lastRun: row.last_run,
    createdBy: owner !== null && users.has(owner) ? idOf(owner, users) : (heir ?? null),
    updatedBy: idOf(row.updated_by_id, users),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** What becomes of a `frequency` that the replaced service showed and did not enforce. */
function frequencyNote(frequency: string, triggered: number, decision: FrequencyDecision | null): string {
  const ran = `frequency ${frequency} was not enforced there`;
  if (decision === 'drop') return `${ran}: dropped, so it runs without end here too`;
  if (decision === null) return `${ran}: --keep-frequency or --drop-frequency decides`;
  const left = Number(frequency) - triggered;
  return left > 0 ? `${ran}: ends here after ${left} more runs` : `${ran}: its runs are used up, so it is off here`;
}

function ranThere({ kind, text }: Definition): boolean {
  return kind === 'cron' ? crontabThere(text) !== null : intervalThere(text) !== null;
}

/** What a client would have sent; what the declarations of the API's fields would refuse is refused here. */
function inputOf(row: LegacySchedule): object {
  const { cron_definition, interval_definition, payload } = row;
  const [endpoint, auth_token] = [row.endpoint?.trim(), row.auth_token?.trim()];
  if (!endpoint) throw InvalidInputError.on('endpoint', 'This field may not be blank.');
  if (endpoint.length > MAX_TEXT) throw InvalidInputError.on('endpoint', `It has more than ${MAX_TEXT} characters.`);
  if (auth_token && (!TOKEN.test(auth_token) || auth_token.length > MAX_TEXT)) {
    throw InvalidInputError.on('auth_token', 'Only visible ASCII characters can be sent as a token.');
  }
  return {
    endpoint,
    cron_definition: cron_definition?.trim() || null,
    interval_definition: interval_definition?.trim() || null,
    // The replaced service sent null where there was nothing.
    payload: new RawJson(payload ?? 'null'),
  };
}

/** Where an interval is counted from: its next run there, when that is to come, is its next run here. */
function phaseStart({ next_send_at: nextSendAt }: LegacySchedule, now: Date): Date {
  return nextSendAt !== null && nextSendAt > now ? nextSendAt : now;
}

function wholeNumber(field: string, text: string | null, min: number): number | null {
  if (text === null) return null;
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= MAX_INTEGER) return number;
  throw InvalidInputError.on(field, `It is ${text}, which is no whole number from ${min} to ${MAX_INTEGER}.`);
}

function idOf(oldId: number | null, users: UserIds): number | null {
  return oldId === null ? null : (users.get(oldId) ?? null);
}
