import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';
import { apiSchema } from '../http/api-schemas.js';
import { BlankIsNull, ToBoolean, ToInteger } from '../http/form-values.js';
import { IfGiven, RawJsonField, ReadOnlyFields } from '../http/input.pipe.js';
import { PageDto } from '../http/page.dto.js';
import type { RawJson } from '../http/raw-json.js';
import { type CatchUp, CATCH_UPS } from './definitions/catch-up.js';
import { OVERLAPS, type Overlap } from './schedule.entity.js';

/** What `auth_token` reads as when one is set; written back, it changes nothing. */
export const MASKED_TOKEN = '********';

const ANY_JSON = {
  // Keeps the generator from describing the property's class. It drops a type that stands beside a combinator.
  type: 'string',
  allOf: [apiSchema('JsonValue')],
  example: { hello: 'world' },
} satisfies ApiPropertyOptions;
const NOT_A_STRING = { message: 'Not a valid string.' };
const READ_ONLY = [
  ...['url', 'id', 'next_send_at', 'triggered', 'last_run'],
  ...['created_at', 'created_by', 'updated_at', 'updated_by'],
];

const IfNotNull = () => ValidateIf((_, value) => value !== undefined && value !== null);

// The first fault is the one that is told, and types come first. Above a property decorators run from the last to the
// first, within applyDecorators from the first to the last.
const Endpoint = () =>
  applyDecorators(
    IsString(NOT_A_STRING),
    MaxLength(2048, { message: 'Ensure this field has no more than 2048 characters.' }),
    IsNotEmpty(),
  );

const OneOf = (choices: readonly string[]) =>
  IsIn(choices, { message: ({ value }) => `"${textOf(value)}" is not a valid choice.` });

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

// No `default` in a description of input: generators of clients take a field that has one for required.
@ReadOnlyFields(READ_ONLY)
abstract class ScheduleFieldsDto {
  /** Runs in total, after which the schedule turns itself off. Default for a new schedule: null, no end. */
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, example: null })
  @ToInteger()
  @IfNotNull()
  @Max(2_147_483_647, { message: 'Ensure this value is less than or equal to 2147483647.' })
  @Min(1, { message: 'Ensure this value is greater than or equal to 1.' })
  @IsInt({ message: 'A valid integer is required.' })
  frequency?: number | null;

  /** Crontab: minute hour day-of-month month day-of-week, or @hourly, @daily, @weekly, @monthly, @yearly; in UTC. */
  @ApiPropertyOptional({ type: 'string', nullable: true, example: '*/15 8-18 * * mon-fri' })
  @BlankIsNull()
  @IfNotNull()
  @IsString(NOT_A_STRING)
  cron_definition?: string | null;

  /** Interval: a number and days, hours, minutes, seconds or microseconds; from 1 second to 10 years. */
  @ApiPropertyOptional({ type: 'string', nullable: true, example: null })
  @BlankIsNull()
  @IfNotNull()
  @IsString(NOT_A_STRING)
  interval_definition?: string | null;

  /** The same as `interval_definition`, in the spelling of the replaced service. */
  @ApiPropertyOptional({ type: 'string', nullable: true, deprecated: true })
  @BlankIsNull()
  @IfNotNull()
  @IsString(NOT_A_STRING)
  inteval_definition?: string | null;

  /** Sent as `Authorization: Token <auth_token>`. Reads as `********`. Default for a new schedule: null, none is sent. */
  @ApiPropertyOptional({ type: 'string', nullable: true, example: 'c05fbab6d5f912429052830c77eeb022249324cb' })
  @BlankIsNull()
  @IfNotNull()
  @Matches(/^[\x21-\x7e]+$/, { message: 'Only visible ASCII characters can be sent as a token.' })
  @MaxLength(2048, { message: 'Ensure this field has no more than 2048 characters.' })
  @IsString(NOT_A_STRING)
  auth_token?: string | null;

  /** Any JSON value, sent exactly as it is written here. Default for a new schedule: an empty object. */
  @ApiPropertyOptional(ANY_JSON)
  @IfGiven()
  @IsNotEmpty()
  @RawJsonField()
  payload?: RawJson;

  /** Whether the schedule runs. Switching it off stops what is still waiting. Default for a new schedule: true. */
  @ApiPropertyOptional({ type: 'boolean', example: true })
  @ToBoolean()
  @IfGiven()
  @IsBoolean({ message: 'Must be a valid boolean.' })
  enabled?: boolean;

  /** The same as `enabled`: older clients switch schedules off with it. */
  @ApiPropertyOptional({ type: 'boolean', deprecated: true })
  @ToBoolean()
  @IfGiven()
  @IsBoolean({ message: 'Must be a valid boolean.' })
  active?: boolean;

  /**
   * What is delivered of ticks more than 60 s late, if they are at most CATCH_UP_WINDOW old: the latest one, none, or
   * all (the latest 100, oldest first). The others are recorded as missed. Default for a new schedule: latest.
   */
  @ApiPropertyOptional({ enum: CATCH_UPS, example: 'latest' })
  @IfGiven()
  @OneOf(CATCH_UPS)
  catch_up?: CatchUp;

  /**
   * Skip: a tick is not delivered while the delivery before it has not ended, its retries included; it is recorded.
   * Default for a new schedule: allow.
   */
  @ApiPropertyOptional({ enum: OVERLAPS, example: 'allow' })
  @IfGiven()
  @OneOf(OVERLAPS)
  overlap?: Overlap;
}

export class CreateScheduleDto extends ScheduleFieldsDto {
  /**
   * The http or https URL that is POSTed to, without a user name, at an address that the service may send to. Refused is
   * what a URL parser would only repair: `http:host`, a backslash, a blank, `/../`, an address such as `0x7f.1`.
   */
  @ApiProperty({ type: 'string', format: 'uri', example: 'https://app.example.org/hooks/tick' })
  @Endpoint()
  endpoint: string;
}

/** Absent fields keep their value. */
export class UpdateScheduleDto extends ScheduleFieldsDto {
  /**
   * The http or https URL that is POSTed to, without a user name, at an address that the service may send to. Refused is
   * what a URL parser would only repair: `http:host`, a backslash, a blank, `/../`, an address such as `0x7f.1`.
   */
  @ApiPropertyOptional({ type: 'string', format: 'uri', example: 'https://app.example.org/hooks/tick' })
  @IfGiven()
  @Endpoint()
  endpoint?: string;
}

/** A schedule as it is shown. */
export class ScheduleDto {
  /**
   * URL of the schedule.
   * @example "http://scheduler.example.org/api/v1/schedule/0197b6a0-6d2f-7c31-9a41-d0a9fd9b1c55/"
   */
  @ApiProperty({ type: 'string', format: 'uri' })
  url: string;

  /** @example "0197b6a0-6d2f-7c31-9a41-d0a9fd9b1c55" */
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: string;

  /**
   * Runs in total, after which the schedule turns itself off; null for no end.
   * @example null
   */
  @ApiProperty({ type: 'integer', nullable: true })
  frequency: number | null;

  /**
   * The crontab, in UTC; null if the schedule has an interval.
   * @example "0 8 * * mon-fri"
   */
  cron_definition: string | null;

  /**
   * The interval; null if the schedule has a crontab.
   * @example null
   */
  interval_definition: string | null;

  /**
   * The URL that is POSTed to.
   * @example "https://app.example.org/hooks/tick"
   */
  endpoint: string;

  /** What is sent. */
  @ApiProperty(ANY_JSON)
  payload: RawJson;

  /**
   * `********` when a token is set.
   * @example "********"
   */
  auth_token: string | null;

  /**
   * The next tick; null while the schedule is off.
   * @example "2026-01-01T08:00:00.000Z"
   */
  next_send_at: Date | null;

  /**
   * Whether the schedule runs.
   * @example true
   */
  enabled: boolean;

  /** What is delivered of late ticks. */
  @ApiProperty({ enum: CATCH_UPS, example: 'latest' })
  catch_up: CatchUp;

  /** Whether deliveries may overlap. */
  @ApiProperty({ enum: OVERLAPS, example: 'allow' })
  overlap: Overlap;

  /**
   * Runs so far.
   * @example 0
   */
  @ApiProperty({ type: 'integer', minimum: 0 })
  triggered: number;

  /**
   * The tick of the latest run.
   * @example null
   */
  last_run: Date | null;

  created_at: Date;

  /**
   * URL of the user; null if it is not known.
   * @example "http://scheduler.example.org/api/v1/user/1/"
   */
  @ApiProperty({ type: 'string', format: 'uri', nullable: true })
  created_by: string | null;

  updated_at: Date;

  /**
   * URL of the user; null if it is not known.
   * @example "http://scheduler.example.org/api/v1/user/1/"
   */
  @ApiProperty({ type: 'string', format: 'uri', nullable: true })
  updated_by: string | null;
}

export class SchedulePageDto extends PageDto {
  @ApiProperty({ type: [ScheduleDto] })
  results: ScheduleDto[];
}
