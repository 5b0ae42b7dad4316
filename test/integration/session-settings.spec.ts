import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { StartError } from '../../src/config/start-error.js';
import { SESSION_SETTINGS } from '../../src/database/session-settings.js';
import { requireUsableDatabase } from '../../src/database/usable-database.js';
import { aSchedule, startApp } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startPooler } from '../support/pooler.js';
import { startSink } from '../support/sink.js';

/**
 * What a role or a database can have as its defaults, and the service could not work with. Timeouts that run before the
 * session is settled are long enough for a busy machine.
 */
const BAD_DEFAULTS: [name: string, value: string][] = [
  ['standard_conforming_strings', 'off'],
  ['backslash_quote', 'off'],
  ['array_nulls', 'off'],
  ['transform_null_equals', 'on'],
  ['quote_all_identifiers', 'on'],
  ['"DateStyle"', `'SQL, DMY'`],
  ['"IntervalStyle"', `'sql_standard'`],
  ['bytea_output', `'escape'`],
  ['extra_float_digits', '-15'],
  ['"TimeZone"', `'Asia/Kathmandu'`],
  ['client_encoding', `'LATIN1'`],
  ['search_path', `''`],
  ['search_path', 'nowhere'],
  ['search_path', 'pg_catalog'],
  ['search_path', 'information_schema, pg_catalog'],
  ['default_transaction_isolation', 'serializable'],
  ['default_transaction_read_only', 'on'],
  ['default_transaction_deferrable', 'on'],
  ['row_security', 'off'],
  ['plan_cache_mode', 'force_generic_plan'],
  ['idle_session_timeout', '500'],
  ['transaction_timeout', '500'],
  ['statement_timeout', '20'],
  ['lock_timeout', '1'],
  ['idle_in_transaction_session_timeout', '20'],
  ['synchronous_commit', 'off'],
];

const PAYLOAD = { text: 'back\\slash, "quotes", \u{1F600}', list: [null, 1.1, 0.30000000000000004], at: '02/03/2026' };

/** Creates a schedule, changes and reads it, and waits for a delivery and its history. */
async function useService(database: TestDatabase): Promise<void> {
  await using sink = await startSink();
  await using app = await startApp({}, database);
  const { id } = await app.creates(
    aSchedule({ endpoint: sink.url, frequency: 1, payload: PAYLOAD, auth_token: 'receiver\\token' }),
  );

  const [first] = await sink.received(1);
  const { results } = await app.eventually(`/api/v1/schedule/${id}/deliveries/`, ({ count }) => count === 1);

  expect(JSON.parse(first.body)).toEqual(PAYLOAD);
  expect(first.headers.authorization).toBe('Token receiver\\token');
  expect(results).toMatchObject([{ outcome: 'delivered' }]);
  expect((await app.call('PATCH', `/api/v1/schedule/${id}/`, { frequency: null })).status).toBe(200);
  expect((await app.call('GET', '/health/ready')).status).toBe(200);
}

/** A role with defaults of its own that owns the database, and the database as that role sees it. */
async function withRole(database: TestDatabase, defaults: [string, string][]) {
  const role = `role_${randomBytes(6).toString('hex')}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  await database.query(`ALTER DATABASE ${database.name} OWNER TO ${role}`);
  for (const [name, value] of defaults) await database.query(`ALTER ROLE ${role} SET ${name} = ${value}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'secret';
  return {
    role,
    database: { ...database, url: url.href },
    async [Symbol.asyncDispose]() {
      await database.query(`ALTER DATABASE ${database.name} OWNER TO CURRENT_USER`);
      await database.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER`);
      await database.query(`DROP OWNED BY ${role}`);
      await database.query(`DROP ROLE ${role}`);
    },
  };
}

describe.concurrent('a database whose defaults the service could not work with', () => {
  it.each(BAD_DEFAULTS)('%s = %s is served all the same', async (name, value) => {
    await using database = await createDatabase();
    await database.query(`ALTER DATABASE ${database.name} SET ${name} = ${value}`);
    await useService(database);
  });

  it('all of them on the role are served all the same', async () => {
    await using database = await createDatabase();
    const defaults = new Map(BAD_DEFAULTS);
    await using owner = await withRole(database, [...defaults]);
    await useService(owner.database);
  });

  it('have no effect on the sessions of the service', async () => {
    await using database = await createDatabase();
    await using owner = await withRole(database, [...new Map(BAD_DEFAULTS)]);
    await using app = await startApp({}, owner.database);
    const names = Object.keys(SESSION_SETTINGS);
    const rows = await app.nest
      .get(DataSource)
      .query<{ name: string; value: string }[]>(
        'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name',
        [[...names, 'transaction_timeout', 'search_path', 'client_encoding']],
      );
    expect(Object.fromEntries(rows.map(({ name, value }) => [name, value]))).toEqual({
      ...SESSION_SETTINGS,
      transaction_timeout: '0',
      search_path: 'public',
      client_encoding: 'UTF8',
    });
  });

  it('synchronous_commit is raised where it is off, and left as it is otherwise', async () => {
    await using database = await createDatabase();
    await using app = await startApp({}, database);
    const levelFor = async (level: string) => {
      await database.query(`ALTER DATABASE ${database.name} SET synchronous_commit = ${level}`);
      await using other = await startApp({ ROLES: 'api' }, database);
      const [row] = await other.nest
        .get(DataSource)
        .query<{ level: string }[]>(`SELECT current_setting('synchronous_commit') AS level`);
      return row.level;
    };
    expect(await levelFor('off')).toBe('local');
    expect(await levelFor('remote_apply')).toBe('remote_apply');
    expect(await levelFor('local')).toBe('local');
    expect((await app.call('GET', '/health/ready')).status).toBe(200);
  });
});

describe('the search path', () => {
  const tablesIn = async (database: TestDatabase, schema: string) => {
    const [row] = await database.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_tables WHERE schemaname = $1 AND tablename = 'schedules'`,
      [schema],
    );
    return row.count;
  };

  it('chooses the schema that holds the tables', async () => {
    await using database = await createDatabase();
    await database.query('CREATE SCHEMA scheduler');
    await database.query(`ALTER DATABASE ${database.name} SET search_path = scheduler, public`);

    await useService(database);

    expect([await tablesIn(database, 'scheduler'), await tablesIn(database, 'public')]).toEqual([1, 0]);
  });

  it('leads to the tables that are there, though a schema comes before theirs', async () => {
    await using database = await createDatabase();
    await using sink = await startSink();
    {
      await using app = await startApp({}, database);
      await app.creates(aSchedule({ endpoint: sink.url, enabled: false }));
    }
    await database.query('CREATE SCHEMA newer');
    await database.query(`ALTER DATABASE ${database.name} SET search_path = newer, public`);

    await using app = await startApp({}, database);

    expect((await app.call('GET', '/api/v1/schedule/')).body).toMatchObject({ count: 1 });
    expect(await tablesIn(database, 'newer')).toBe(0);
  });
});

describe('a pooler that gives each transaction another session', () => {
  it('is refused when the defaults of its sessions cannot be worked with, and accepted when they can', async () => {
    await using database = await createDatabase();
    await using owner = await withRole(database, []);
    await using pooler = await startPooler(owner.database);

    await requireUsableDatabase(pooler.url);
    for (const setting of [`array_nulls = off`, `bytea_output = 'escape'`, `search_path = ''`]) {
      await database.query(`ALTER ROLE ${owner.role} SET ${setting}`);
    }
    pooler.renewSessions();
    const refusal = await requireUsableDatabase(pooler.url).catch((error: Error) => error);

    expect(refusal).toBeInstanceOf(StartError);
    expect(String(refusal)).toContain('(array_nulls, bytea_output, search_path)');
    // The same, without the pooler.
    await requireUsableDatabase(owner.database.url);
  });
});
