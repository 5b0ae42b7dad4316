import { Client } from 'pg';
import { CONNECTIONS_OF_DATA_SOURCE, IMPATIENCE } from '../../database/data-source-options.js';
import { schemaState } from '../../database/migrate.js';
import { CONNECTIONS_OF_QUEUE } from '../../queue/job-queue.js';
import { reasonOf } from '../faults.js';
import { CLOCK, CONNECTIONS, FOREIGN_TABLES, MAY_USE_QUEUE_SCHEMA, TRY_PARTITIONS } from './doctor.queries.js';
import { fault, type Finding, ok, warning } from './finding.js';
import { checkPooler } from './pooler-check.js';

/** PostgreSQL supports no older one, and none is tried. */
const OLDEST_VERSION = 14;
const TRIED_VERSION = 18;
const CLOCK_TOLERANCE_MS = 1_000;
/** The pool, the queue's, and the one that listens. */
const CONNECTIONS_OF_REPLICA = CONNECTIONS_OF_DATA_SOURCE + CONNECTIONS_OF_QUEUE + 1;

/** @returns findings, and whether the database can be worked with */
export async function checkDatabase(url: string): Promise<{ findings: Finding[]; isUsable: boolean }> {
  const client = new IMPATIENCE.Client({
    connectionString: url,
    application_name: 'seed-scheduler doctor',
    ...IMPATIENCE,
  });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    const advice = 'check that DATABASE_URL is right, that PostgreSQL runs, and that it lets this host and role in';
    return { findings: [fault('database', reasonOf(error), advice)], isUsable: false };
  }
  try {
    const version = await checkVersion(client);
    const findings = [version, await checkRights(client), await checkClock(client), await checkConnections(client)];
    findings.push(await checkPooler(client, url));
    const migrations = await checkMigrations(url);
    findings.push(migrations);
    return { findings, isUsable: migrations.state === 'ok' };
  } finally {
    await client.end();
  }
}

async function checkVersion(client: Client): Promise<Finding> {
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  const version = rows[0]?.server_version ?? '';
  const major = parseInt(version, 10);
  const finding = `PostgreSQL ${version.split(' ', 1)[0]} answers`;
  const advice = `use PostgreSQL ${OLDEST_VERSION} or later; ${TRIED_VERSION} is what the service is tested with`;
  return major < OLDEST_VERSION ? fault('database', finding, advice) : ok('database', finding);
}

async function checkRights(client: Client): Promise<Finding> {
  const advice = 'let the role of DATABASE_URL own the database: ALTER DATABASE … OWNER TO …';
  try {
    await client.query('BEGIN');
    for (const sql of TRY_PARTITIONS) await client.query(sql);
  } catch (error) {
    return fault('rights', `tables cannot be made: ${reasonOf(error)}`, advice);
  } finally {
    await client.query('ROLLBACK');
  }
  const foreign = (await client.query<{ name: string }>(FOREIGN_TABLES)).rows.map(({ name }) => name);
  if (foreign.length > 0) {
    return fault('rights', `tables have another owner: ${foreign.join(', ')}`, 'ALTER TABLE … OWNER TO the role');
  }
  const { rows } = await client.query<{ is_allowed: boolean }>(MAY_USE_QUEUE_SCHEMA);
  if (!rows[0]?.is_allowed) return fault('rights', 'the schema pgboss cannot be made or added to', advice);
  return ok('rights', 'tables, partitions and the schema of the queue can be made');
}

async function checkClock(client: Client): Promise<Finding> {
  const before = Date.now();
  const { rows } = await client.query<{ ms: number }>(CLOCK);
  const after = Date.now();
  const differenceMs = Math.round((before + after) / 2 - (rows[0]?.ms ?? 0));
  const finding = `${Math.abs(differenceMs)} ms ${differenceMs < 0 ? 'behind' : 'ahead of'} the database`;
  if (Math.abs(differenceMs) - (after - before) < CLOCK_TOLERANCE_MS) return ok('clock', finding);
  return warning('clock', finding, 'let NTP set both: ticks follow the database, logs and TLS this host');
}

async function checkConnections(client: Client): Promise<Finding> {
  interface Row {
    limit: number;
    others: number;
    replicas: number;
  }
  const { limit, others, replicas } = (await client.query<Row>(CONNECTIONS)).rows[0];
  const room = Math.max(0, Math.floor((limit - others) / CONNECTIONS_OF_REPLICA));
  const finding = `${replicas} replicas at work, room for ${room} of up to ${CONNECTIONS_OF_REPLICA} each (${limit} in all, ${others} used by others)`;
  const advice = 'raise max_connections, run fewer replicas, or put PgBouncer between: see docs/scaling.md';
  if (room < Math.max(1, replicas)) return fault('connections', finding, advice);
  // A rolling update runs one more for a while.
  return room <= replicas ? warning('connections', finding, advice) : ok('connections', finding);
}

async function checkMigrations(url: string): Promise<Finding> {
  const { pending, unknown } = await schemaState(url);
  if (pending.length > 0) {
    const advice = 'run seed-scheduler migrate, or start the service';
    return warning('migrations', `${pending.length} are pending: ${pending.join(', ')}`, advice);
  }
  if (unknown.length === 0) return ok('migrations', 'the schema is up to date');
  const finding = `a later version has migrated this database: ${unknown.join(', ')}`;
  return warning('migrations', finding, 'run the version that made them');
}
