import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';

// Held while migrating, so that replicas that start together do it once. It goes with the connection.
const LOCK_MIGRATIONS = `SELECT pg_advisory_xact_lock(hashtext('seed-scheduler migrations'))`;

const HAS_MIGRATIONS = `SELECT to_regclass('migrations') IS NOT NULL AS "exists"`;

// A migration takes as long as it takes, and so does the wait for another replica's. Meanwhile the connection that holds
// the lock has nothing to do.
const PATIENCE = { statement_timeout: 0, lock_timeout: 0, query_timeout: 0, idle_in_transaction_session_timeout: 0 };

/**
 * Brings the schema up to date. Replicas that call at once wait for each other.
 *
 * @returns the names of the migrations that were run, oldest first
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const options = dataSourceOptions(databaseUrl);
  const extra = { ...(options.extra as object), ...PATIENCE };
  const dataSource = await new DataSource({
    ...options,
    extra,
    applicationName: 'seed-scheduler migrations',
  } as typeof options).initialize();
  try {
    return await dataSource.transaction(async (manager) => {
      await manager.query(LOCK_MIGRATIONS);
      return (await dataSource.runMigrations()).map(({ name }) => name);
    });
  } finally {
    await dataSource.destroy();
  }
}

/** What the schema of a database is behind or ahead of this version by. */
export interface SchemaState {
  /** migrations that it lacks, oldest first */
  pending: string[];
  /** migrations that it has and this version does not know: a later one made them */
  unknown: string[];
}

/** Looks and changes nothing. */
export async function schemaState(databaseUrl: string): Promise<SchemaState> {
  const dataSource = await new DataSource(dataSourceOptions(databaseUrl)).initialize();
  try {
    const [{ exists }] = await dataSource.query<[{ exists: boolean }]>(HAS_MIGRATIONS);
    const rows = exists ? await dataSource.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id') : [];
    const done = rows.map(({ name }) => name);
    const known = dataSource.migrations.map(({ name, constructor }) => name ?? constructor.name);
    return {
      pending: known.filter((name) => !done.includes(name)),
      unknown: done.filter((name) => !known.includes(name)),
    };
  } finally {
    await dataSource.destroy();
  }
}
