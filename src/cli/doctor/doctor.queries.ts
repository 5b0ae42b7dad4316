// Everything the service does to the schema while it runs, in a transaction that is rolled back: it makes and attaches a
// partition a day. Nothing of the service's own is touched, so nobody waits for it.
export const TRY_PARTITIONS = [
  'CREATE TABLE seed_doctor (at timestamptz NOT NULL) PARTITION BY RANGE (at)',
  'CREATE TABLE seed_doctor_today (LIKE seed_doctor INCLUDING ALL)',
  `ALTER TABLE seed_doctor ATTACH PARTITION seed_doctor_today FOR VALUES FROM ('2000-01-01') TO ('2000-01-02')`,
];

// Tables of the service that somebody else owns: migrations and partitions need the owner's rights.
export const FOREIGN_TABLES = `
  SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND NOT pg_has_role(c.relowner, 'USAGE')
     AND (n.nspname = 'pgboss' OR n.nspname = current_schema AND c.relname IN (
       'users', 'groups', 'tokens', 'schedules', 'triggers', 'deliveries', 'attempts', 'attempts_default', 'firings',
       'failed_tasks', 'origins', 'metric_totals', 'signing_secrets', 'audit_log', 'secret_keys',
       'key_holders', 'migrations'))
   ORDER BY 1 LIMIT 5`;

// The queue's tables stand in a schema of their own, which is made on the first start.
export const MAY_USE_QUEUE_SCHEMA = `
  SELECT CASE WHEN to_regnamespace('pgboss') IS NULL THEN has_database_privilege(current_database(), 'CREATE')
              ELSE has_schema_privilege('pgboss', 'CREATE') END AS is_allowed`;

export const CLOCK = `SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms`;

// How many connections there can be: for this role, in this database, on this server; and who has them now. Each
// replica has one that listens, by which it is counted.
export const CONNECTIONS = `
  SELECT least(nullif(d.datconnlimit, -1), nullif(r.rolconnlimit, -1),
               current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true), '0')::int) AS "limit",
         (SELECT count(*)::int FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND application_name NOT LIKE 'seed-scheduler%') AS others,
         (SELECT count(*)::int FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'seed-scheduler notifications') AS replicas
    FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user`;
