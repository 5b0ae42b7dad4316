import { hasUser, whyNotPlain } from '../config/http-url.js';
import { type FieldMessages, InvalidInputError } from '../http/domain-error.js';
import { type RawJson, whyNotPortable } from '../http/raw-json.js';
import type { AddressPolicy } from '../outbound/address-policy.js';
import { AddressRefusedError } from '../outbound/address-refused.error.js';
import type { CatchUp } from './definitions/catch-up.js';
import { type Definition, DefinitionError } from './definitions/definition.js';
import { cronDefinition, intervalDefinition } from './definitions/new-definition.js';
import type { Overlap } from './schedule.entity.js';
import { type CreateScheduleDto, MASKED_TOKEN, type UpdateScheduleDto } from './schedules.dto.js';

/** Changes to a schedule, checked; undefined leaves a field as it is. */
export interface ScheduleChanges {
  definition?: { kind: Definition['kind']; text: string };
  frequency?: number | null;
  endpoint?: string;
  payload?: string;
  authToken?: string | null;
  enabled?: boolean;
  catchUp?: CatchUp;
  overlap?: Overlap;
}

/**
 * Reads a new schedule as a client sent it.
 *
 * @throws InvalidInputError that names every faulty field
 */
export function newSchedule(dto: CreateScheduleDto, addresses: AddressPolicy): ScheduleChanges & { endpoint: string } {
  const faults: FieldMessages = dto.auth_token === MASKED_TOKEN ? { auth_token: [MASK_OF_NO_TOKEN] } : {};
  const { endpoint = dto.endpoint, ...changes } = scheduleChanges(dto, addresses, faults);
  return { ...changes, endpoint };
}

/**
 * What a client sent, with both spellings of a field made one.
 *
 * @param faults found before, to be named too
 * @throws InvalidInputError that names every faulty field
 */
export function scheduleChanges(
  dto: CreateScheduleDto | UpdateScheduleDto,
  addresses: AddressPolicy,
  faults: FieldMessages = {},
): ScheduleChanges {
  const check = <T>(field: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      faults[field] = [error.message];
      return undefined;
    }
  };
  const interval = check('interval_definition', () =>
    oneOf(dto.interval_definition, dto.inteval_definition, 'interval_definition and inteval_definition'),
  );
  const enabled = check('enabled', () => oneOf(dto.enabled, dto.active, 'enabled and active'));
  const definition = chosenDefinition(dto.cron_definition, interval, faults);
  if (definition?.kind === 'cron') check('cron_definition', () => cronDefinition(definition.text));
  if (definition?.kind === 'interval')
    check('interval_definition', () => intervalDefinition(definition.text, new Date()));
  const { endpoint: url } = dto;
  const endpoint = url === undefined ? undefined : check('endpoint', () => endpointOf(url, addresses));
  const payload = dto.payload && check('payload', () => payloadOf(dto.payload as RawJson));
  if (Object.keys(faults).length > 0) throw new InvalidInputError(faults);
  const authToken = dto.auth_token === MASKED_TOKEN ? undefined : dto.auth_token;
  const { frequency, catch_up: catchUp, overlap } = dto;
  return { definition, frequency, endpoint, payload, authToken, enabled, catchUp, overlap };
}

const MASK_OF_NO_TOKEN = `"${MASKED_TOKEN}" is how a stored token is shown. Give the token itself, or leave the field out.`;

export const NO_DEFINITION = 'Give exactly one of cron_definition and interval_definition.';

function chosenDefinition(
  cron: string | null | undefined,
  interval: string | null | undefined,
  faults: FieldMessages,
): ScheduleChanges['definition'] {
  if (cron && interval) faults.non_field_errors = [NO_DEFINITION];
  if (cron) return { kind: 'cron', text: cron.trim() };
  if (interval) return { kind: 'interval', text: interval.trim() };
  return undefined;
}

/** Of two names of one field the one that is set; null is a value only where both say so, or one is not given. */
function oneOf<T>(first: T | undefined, second: T | undefined, names: string): T | undefined {
  if (isSet(first) && isSet(second) && first !== second) {
    throw new DefinitionError(`${names} are two names of one field, and differ.`);
  }
  return first ?? second ?? first;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** @returns the text as it was given, without the white space around it: the parser's reading of it is the same URL */
function endpointOf(given: string, addresses: AddressPolicy): string {
  const text = given.trim();
  const url = URL.parse(text);
  if (!url) throw new DefinitionError('Enter a valid URL.');
  if (!/^https?:$/.test(url.protocol)) throw new DefinitionError('Enter a URL that begins with http:// or https://.');
  if (hasUser(url)) throw new DefinitionError('A user name or password in the URL is not accepted.');
  if (addresses.refusesHost(url.hostname)) throw new DefinitionError(new AddressRefusedError().message);
  const fault = whyNotPlain(text, url);
  if (fault) throw new DefinitionError(fault);
  return text;
}

function payloadOf({ text }: RawJson): string {
  try {
    JSON.parse(text);
  } catch {
    throw new DefinitionError('Value must be valid JSON.');
  }
  const fault = whyNotPortable(text);
  if (fault) throw new DefinitionError(`The payload ${fault}.`);
  return text;
}
