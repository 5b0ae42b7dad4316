import { setTimeout as delay } from 'node:timers/promises';
import { type Client, DatabaseError } from 'pg';
import { StartError } from '../config/start-error.js';
import { IMPATIENCE } from './data-source-options.js';
import { explained } from './database-failure.js';
import { isSessionShared } from './pooler.js';
import { SCHEMA, SESSION_SETTINGS } from './session-settings.js';

const OLDEST_VERSION = 14;
const STARTING_UP = '57P03';
const START_PATIENCE_MS = 30_000;
const RETRY_MS = 500;

/** What a server says of itself and of this session. */
export interface Server {
  version: string;
  major: number;
  encoding: string;
  is_standby: boolean;
  database: string;
  replication_role: string;
}

const SERVER = `
  SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
         current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS is_standby,
         current_database() AS database, current_setting('session_replication_role') AS replication_role`;

// reset_val is what the session began with, whatever was set since.
const DIFFERENT_DEFAULTS = `
  SELECT s.name FROM pg_settings s JOIN unnest($1::text[], $2::text[]) AS wanted (name, value) ON wanted.name = s.name
   WHERE s.reset_val <> wanted.value ORDER BY s.name`;

/** A pooler in transaction mode keeps these for each of its clients by itself. */
const KEPT_BY_POOLERS = ['standard_conforming_strings', 'DateStyle', 'IntervalStyle', 'TimeZone'];

/**
 * Connects once and makes sure that the service can work with the database. A server that is starting up is waited for,
 * 30 s at most.
 *
 * @throws StartError that says what is wrong and what to do
 */
export async function requireUsableDatabase(url: string): Promise<void> {
  try {
    await withConnection(url, async (client) => {
      const { rows } = await client.query<Server>(SERVER);
      const refusal = refusalOf(rows[0]);
      if (refusal) throw new StartError(refusal);
      await requireSettledSessions(client, url);
    });
  } catch (error) {
    throw explained(error, url);
  }
}

/** Returns why the service cannot work with a server, and what to do; null when it can. */
export function refusalOf(server: Server): string | null {
  const { version, major, encoding, is_standby: isStandby, database, replication_role: replicationRole } = server;
  if (major < OLDEST_VERSION) {
    return `PostgreSQL ${version} is too old: use PostgreSQL ${OLDEST_VERSION} or later.`;
  }
  if (encoding !== 'UTF8') {
    return (
      `Database "${database}" has the encoding ${encoding}, in which not every text can be stored: make one with ` +
      `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and let DATABASE_URL name it.`
    );
  }
  if (isStandby) {
    return `Database "${database}" is on a read-only standby: let DATABASE_URL name the primary.`;
  }
  if (replicationRole !== 'origin') {
    return (
      `session_replication_role is ${replicationRole}, which turns foreign keys off: ` +
      'ALTER ROLE … RESET session_replication_role, and likewise for the database.'
    );
  }
  return null;
}

/** A pooler gives a transaction any session, also one that has the defaults of the role: then these must be right. */
async function requireSettledSessions(client: Client, url: string): Promise<void> {
  const names = await differentDefaults(client);
  if (names.length === 0) return;
  const isShared = await withConnection(url, (other) => isSessionShared(client, other));
  if (!isShared) return;
  throw new StartError(
    `The role or the database has defaults that the service cannot work with (${names.join(', ')}), and a pooler keeps ` +
      'it from setting them itself: ALTER ROLE … RESET these, and likewise ALTER DATABASE.',
  );
}

async function differentDefaults(client: Client): Promise<string[]> {
  const wanted = Object.entries(SESSION_SETTINGS).filter(([name]) => !KEPT_BY_POOLERS.includes(name));
  const columns = [wanted.map(([name]) => name), wanted.map(([, value]) => value)];
  const names = (await client.query<{ name: string }>(DIFFERENT_DEFAULTS, columns)).rows.map(({ name }) => name);
  return (await hasItsSchemaFirst(client)) ? names : [...names, 'search_path'];
}

async function hasItsSchemaFirst(client: Client): Promise<boolean> {
  await client.query('BEGIN');
  try {
    await client.query('SET LOCAL search_path TO DEFAULT');
    const { rows } = await client.query<{ is_first: boolean }>(`SELECT ${SCHEMA} = current_schema() AS is_first`);
    return rows[0]?.is_first === true;
  } finally {
    await client.query('ROLLBACK');
  }
}

async function withConnection<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(url);
  client.on('error', () => undefined);
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function connect(url: string): Promise<Client> {
  const deadline = Date.now() + START_PATIENCE_MS;
  for (;;) {
    const client = new IMPATIENCE.Client({
      connectionString: url,
      application_name: 'seed-scheduler start',
      ...IMPATIENCE,
    });
    try {
      await client.connect();
      return client;
    } catch (error) {
      const isStartingUp = error instanceof DatabaseError && error.code === STARTING_UP;
      if (!isStartingUp || Date.now() > deadline) throw error;
      await delay(RETRY_MS);
    }
  }
}
