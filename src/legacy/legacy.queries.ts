// Statements for the replaced service's database, which are only ever run in a transaction that reads.

export const BEGIN_SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

// Instants are carried as text with microseconds; the session waits while pages are written on the other side.
export const SETTLE_SESSION = `
  SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true),
         set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true),
         set_config('lock_timeout', '0', true), set_config('row_security', 'on', true),
         CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL
              THEN set_config('transaction_timeout', '0', true) END`;

export const COLUMNS_OF = `
  SELECT table_name, column_name FROM information_schema.columns
   WHERE table_schema = coalesce($1, current_schema()) AND table_name = ANY($2)`;

/** A table of the replaced service: columns by their SQL. The first ones must be there; others are NULL when they are not. */
export interface LegacyTable {
  name: string;
  required: Record<string, string>;
  optional: Record<string, string>;
}

export const GROUPS: LegacyTable = { name: 'auth_group', required: { id: 'int4', name: 'text' }, optional: {} };

export const USERS: LegacyTable = {
  name: 'auth_user',
  required: { id: 'int4', username: 'text' },
  optional: {
    email: 'text',
    is_superuser: 'bool',
    is_staff: 'bool',
    is_active: 'bool',
    date_joined: 'timestamptz::text',
  },
};

export const MEMBERSHIPS: LegacyTable = {
  name: 'auth_user_groups',
  required: { user_id: 'int4', group_id: 'int4' },
  optional: {},
};

export const TOKENS: LegacyTable = {
  name: 'authtoken_token',
  required: { key: 'text', user_id: 'int4' },
  optional: { created: 'timestamptz::text' },
};

export const SCHEDULES: LegacyTable = {
  name: 'scheduler_schedule',
  required: { id: 'uuid::text', endpoint: 'text' },
  optional: {
    frequency: 'text',
    cron_definition: 'text',
    interval_definition: 'text',
    payload: 'text',
    auth_token: 'text',
    next_send_at: 'timestamptz',
    triggered: 'text',
    enabled: 'bool',
    last_run: 'timestamptz',
    created_at: 'timestamptz::text',
    updated_at: 'timestamptz::text',
    created_by_id: 'int4',
    updated_by_id: 'int4',
  },
};

export const LEGACY_TABLES = [GROUPS, USERS, MEMBERSHIPS, TOKENS, SCHEDULES];

/** Counted only, where they are there and may be read. */
export const COUNTED_TABLES = { failedTasks: 'scheduler_schedulefailure', webhooks: 'rest_hooks_hook' } as const;

/**
 * Orders by the first column as it is stored: pages of schedules are ranges of ids.
 *
 * @param schema null for the one that the connection finds by itself
 */
export function selectAll(
  { name, required, optional }: LegacyTable,
  there: Set<string>,
  schema: string | null,
): string {
  const columns = Object.entries({ ...required, ...optional }).map(([column, type]) =>
    there.has(column) ? `"${column}"::${type} AS "${column}"` : `NULL AS "${column}"`,
  );
  return `SELECT ${columns.join(', ')} FROM ${tableName(name, schema)} AS t ORDER BY ${orderOf(required)}`;
}

function orderOf(required: LegacyTable['required']): string {
  const [[column, type]] = Object.entries(required);
  return type.startsWith('uuid') ? `t."${column}"::uuid` : `t."${column}"`;
}

/** Counts of schedules, and of those that the operator has to decide about. */
export function countSchedules(there: Set<string>, schema: string | null): string {
  const isEnabled = there.has('enabled') ? 'enabled' : 'true';
  const hasFrequency = there.has('frequency') ? 'frequency IS NOT NULL' : 'false';
  return `
    SELECT count(*)::int AS schedules, count(*) FILTER (WHERE ${isEnabled} AND ${hasFrequency})::int AS "withFrequency"
      FROM ${tableName(SCHEDULES.name, schema)}`;
}

export function countAll(name: string, schema: string | null): string {
  return `SELECT count(*)::int AS count FROM ${tableName(name, schema)}`;
}

/** A few ids, by which it is recognised what was imported before. */
export function someScheduleIds(schema: string | null): string {
  return `SELECT id::uuid::text AS id FROM ${tableName(SCHEDULES.name, schema)} ORDER BY id LIMIT 1000`;
}

function tableName(name: string, schema: string | null): string {
  return schema === null ? `"${name}"` : `"${schema.replaceAll('"', '""')}"."${name}"`;
}
