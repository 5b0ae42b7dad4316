import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { plainToInstance, Transform } from 'class-transformer';
import {
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsOptional,
  Matches,
  Max,
  Min,
  MinLength,
  Validate,
  ValidateBy,
  validateSync,
  ValidatorConstraint,
} from 'class-validator';
import { ROLES, SAMPLERS, VISIBILITIES, type Visibility } from './config.js';
import { isEgressEntry } from './egress.js';
import { DOT_ENV, type Environment } from './environment.js';
import { isPlainHttpUrl } from './http-url.js';
import { nearlyRight } from './nearly-right.js';
import { StartError } from './start-error.js';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Every fault of the settings, in one message; names and expectations, never a value. */
export class SettingsError extends StartError {
  constructor(readonly faults: string[]) {
    super(`The settings cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

function WholeNumber(min: number, max: number): PropertyDecorator {
  const message = `must be a whole number from ${min} to ${max}`;
  const toNumber = Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) : value,
  );
  return (target, property) => {
    for (const decorate of [toNumber, IsInt({ message }), Min(min, { message }), Max(max, { message })]) {
      decorate(target, property);
    }
  };
}

function Share(): PropertyDecorator {
  const message = 'must be a number from 0 to 1';
  const toNumber = Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d*\.?\d+$/.test(value.trim()) ? Number(value) : value,
  );
  return (target, property) => {
    for (const decorate of [toNumber, Min(0, { message }), Max(1, { message })]) decorate(target, property);
  };
}

function Flag(): PropertyDecorator {
  const toBoolean = Transform(({ value }: { value: unknown }) => {
    if (typeof value !== 'string') return value;
    if (/^(true|yes|on|1)$/i.test(value.trim())) return true;
    return /^(false|no|off|0)$/i.test(value.trim()) ? false : value;
  });
  return (target, property) => {
    for (const decorate of [toBoolean, IsBoolean({ message: 'must be true or false' })]) decorate(target, property);
  };
}

function List(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value,
  );
}

/** Ranges of addresses, or words for them, between commas. */
function AddressRanges(): PropertyDecorator {
  const message = 'must be addresses, CIDRs without bits beyond the prefix, `private` or `loopback`, between commas';
  const areRanges = ValidateBy({ name: 'areRanges', validator: { validate: isEgressEntry } }, { each: true, message });
  return (target, property) => {
    for (const decorate of [List(), areRanges]) decorate(target, property);
  };
}

/** An http or https URL that says what it means, see http-url.ts. */
function HttpUrl({ allowsUser }: { allowsUser: boolean }): PropertyDecorator {
  const message = `must be an http or https URL${allowsUser ? '' : ' without a user name'}`;
  const validate = (text: unknown) => typeof text === 'string' && isPlainHttpUrl(text, { allowsUser });
  return ValidateBy({ name: 'isHttpUrl', validator: { validate } }, { message });
}

const POSTGRES_URL = { message: 'must be a postgres:// or postgresql:// URL' };

/** What Fastify takes for its `trustProxy`: a mistake there would otherwise end the start without naming the setting. */
@ValidatorConstraint()
class NamesProxies {
  validate = (text: string) => /^(true|yes|on|1|false|no|off|0)$/i.test(text) || text.split(',').every(isNetwork);
  defaultMessage = () => 'must be true, false, or IP addresses and networks (CIDR) between commas';
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.trim().split('/');
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (rest.length > 0) return false;
  if (bits === undefined) return longest > 0 || ['loopback', 'linklocal', 'uniquelocal'].includes(address);
  return /^\d{1,3}$/.test(bits) && Number(bits) <= longest;
}

/** The environment variables that the service reads. An empty one counts as not set. */
export class Settings {
  @WholeNumber(0, 65535) PORT = 3000;
  @IsOptional() HOST?: string;
  @IsOptional() @Matches(/^postgres(ql)?:\/\//, POSTGRES_URL) DATABASE_URL?: string;
  @IsOptional() @Matches(/^postgres(ql)?:\/\//, POSTGRES_URL) IMPORT_DATABASE_URL?: string;
  DATA_DIR = '.data';
  @IsOptional()
  @Matches(/^\S{20,}$/, { message: 'must have at least 20 characters and no blanks' })
  SCHEDULER_ADMIN_TOKEN?: string;
  @IsEmail({ require_tld: false }, { message: 'must be an email address' }) SCHEDULER_ADMIN_EMAIL = 'admin@localhost';
  @IsOptional() @MinLength(32, { message: 'must have at least 32 characters' }) SECRET_KEY?: string;
  @List()
  @MinLength(32, { each: true, message: 'must be keys of at least 32 characters, between commas' })
  SECRET_KEY_FALLBACKS: string[] = [];
  @IsOptional() @HttpUrl({ allowsUser: true }) PUBLIC_URL?: string;
  @IsOptional()
  @Validate(NamesProxies)
  TRUST_PROXY?: string;
  @WholeNumber(0, 1_000_000_000) RATE_LIMIT_PER_TOKEN = 0;
  @WholeNumber(0, 1_000_000_000) RATE_LIMIT_FAILED_AUTH = 30;
  @List() @IsIn(ROLES, { each: true, message: `must name some of ${ROLES.join(', ')}` }) ROLES: string[] = [...ROLES];
  @IsIn(VISIBILITIES, { message: `must be one of ${VISIBILITIES.join(', ')}` }) SCHEDULE_VISIBILITY: Visibility =
    'group';
  @WholeNumber(0, 300) SHUTDOWN_DELAY = 0;
  @WholeNumber(1, 3600) DEFAULT_REQUEST_TIMEOUT = 30;
  @WholeNumber(1, 100) DELIVERY_MAX_ATTEMPTS = 6;
  @WholeNumber(1, 10_000) DELIVERY_CONCURRENCY = 256;
  @WholeNumber(1, 10_000) DELIVERY_CONCURRENCY_PER_ORIGIN = 50;
  @WholeNumber(0, 31_536_000) CATCH_UP_WINDOW = 86_400;
  @WholeNumber(1, 3650) HISTORY_RETENTION_DAYS = 30;
  @Flag() STORE_RESPONSES = true;
  @WholeNumber(1, 3650) AUDIT_RETENTION_DAYS = 365;
  @WholeNumber(1, 100_000) PAGE_SIZE = 100;
  @WholeNumber(1, 100_000) PAGE_SIZE_MAX = 1000;
  @AddressRanges() EGRESS_ALLOW: string[] = [];
  @AddressRanges() EGRESS_DENY: string[] = [];
  @IsOptional() @HttpUrl({ allowsUser: false }) METRICS_URL?: string;
  @IsOptional() METRICS_AUTH_USER?: string;
  @IsOptional() METRICS_AUTH_PASSWORD?: string;
  @IsOptional() @HttpUrl({ allowsUser: true }) OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  OTEL_SERVICE_NAME = 'seed-scheduler';
  @IsIn(SAMPLERS, { message: `must be one of ${SAMPLERS.join(', ')}` })
  OTEL_TRACES_SAMPLER: string = 'parentbased_traceidratio';
  @Share() OTEL_TRACES_SAMPLER_ARG = 1;
  @IsIn(LOG_LEVELS, { message: `must be one of ${LOG_LEVELS.join(', ')}` }) LOG_LEVEL = 'info';
}

/** All of them. */
export const NAMES = Object.keys(new Settings()).concat(
  ['HOST', 'DATABASE_URL', 'IMPORT_DATABASE_URL', 'SCHEDULER_ADMIN_TOKEN', 'SECRET_KEY', 'PUBLIC_URL', 'TRUST_PROXY'],
  ['METRICS_URL', 'METRICS_AUTH_USER', 'METRICS_AUTH_PASSWORD'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT'],
);

/**
 * Reads and checks the environment as a whole.
 *
 * @throws SettingsError that lists every fault
 */
export function readSettings(variables: Environment['variables'], dotEnv?: Omit<Environment, 'variables'>): Settings {
  const given = NAMES.filter((name) => variables[name]?.trim()).map((name) => [name, variables[name]]);
  const settings = plainToInstance(Settings, Object.fromEntries(given), { exposeDefaultValues: true });
  settings.DATA_DIR = resolve(settings.DATA_DIR);
  // The name alone leads to the environment, where it is not.
  const named = (name: string) => (dotEnv?.fromFile.has(name) ? `${name} (in ${DOT_ENV})` : name);
  const invalid = validateSync(settings, { stopAtFirstError: true }).map(
    ({ property, constraints }) => `${named(property)} ${Object.values(constraints ?? {})[0]}`,
  );
  const misspelt = Object.keys(variables).flatMap((name) => {
    const meant = nearlyRight(name, NAMES);
    return meant ? [`${named(name)} is not a setting; did you mean ${meant}?`] : [];
  });
  const faults = [...(dotEnv?.fault ? [dotEnv.fault] : []), ...invalid, ...inconsistencies(settings), ...misspelt];
  if (faults.length > 0) throw new SettingsError(faults);
  return settings;
}

function inconsistencies(settings: Settings): string[] {
  const faults: string[] = [];
  if (settings.PAGE_SIZE > settings.PAGE_SIZE_MAX) faults.push('PAGE_SIZE must not exceed PAGE_SIZE_MAX');
  if (settings.DATABASE_URL && !settings.SECRET_KEY) {
    faults.push('SECRET_KEY must be set when DATABASE_URL is (every replica needs the same one)');
  }
  if (Boolean(settings.METRICS_AUTH_USER) !== Boolean(settings.METRICS_AUTH_PASSWORD)) {
    faults.push('METRICS_AUTH_USER and METRICS_AUTH_PASSWORD must be set together');
  }
  return faults;
}
