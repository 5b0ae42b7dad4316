/**
 * Settings of a session that the service's statements depend on, by the value that they need. A role or a database can
 * have others as defaults (ALTER ROLE … SET); each connection sets these.
 */
export const SESSION_SETTINGS = {
  // How texts and arrays in statements are read.
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  // How values are written in results.
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  TimeZone: 'UTC',
  // How transactions behave: the statements are written for READ COMMITTED.
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  row_security: 'on',
  plan_cache_mode: 'auto',
  // A connection of the pool may be idle for long.
  idle_session_timeout: '0',
} as const;

/** Of PostgreSQL 17 and later. */
const TRANSACTION_TIMEOUT = 'transaction_timeout';

/**
 * The one schema that a session works in: the first of the search path that has the service's tables, else the first
 * that exists (tables are made there; PostgreSQL lets nobody make them in its own), else `public`. So the tables may be kept in a schema that the search path names,
 * and a schema added in front of it later does not hide them.
 */
export const SCHEMA = `
  coalesce(
    (SELECT path.name FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (name, place)
      WHERE to_regclass(format('%I.schedules', path.name)) IS NOT NULL
        AND to_regclass(format('%I.triggers', path.name)) IS NOT NULL
      ORDER BY path.place LIMIT 1),
    (SELECT path.name FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (name, place)
      WHERE path.name !~ '^pg_' AND path.name <> 'information_schema'
      ORDER BY path.place LIMIT 1),
    'public')`;

const CALLS = Object.entries(SESSION_SETTINGS).map(([name, value]) => `set_config('${name}', '${value}', false)`);

/**
 * Run once for each connection. Without parameters: these would be sent in the session's own formats.
 *
 * `synchronous_commit = off` forgets acknowledged writes in a crash, so it is raised to `local`, which does not wait for
 * standbys; every other level is the operator's choice.
 */
export const SETTLE_SESSION = `
  SELECT ${CALLS.join(', ')},
         set_config('search_path', quote_ident(${SCHEMA}), false),
         CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'local', false) END,
         CASE WHEN current_setting('${TRANSACTION_TIMEOUT}', true) IS NOT NULL
              THEN set_config('${TRANSACTION_TIMEOUT}', '0', false) END`;
