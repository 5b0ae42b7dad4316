import { DataSource, type DataSourceOptions, MigrationExecutor } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';
import { explained } from './database-failure.js';
import { requireUsableDatabase } from './usable-database.js';

// Held while migrating, so that replicas that start together do it once. It goes with the connection.
const LOCK_MIGRATIONS = `SELECT pg_advisory_xact_lock(hashtext('seed-scheduler migrations'))`;

const HAS_MIGRATIONS = `SELECT to_regclass('migrations') IS NOT NULL AS "exists"`;

// A migration takes as long as it takes, and so does the wait for another replica's.
const PATIENCE = { statement_timeout: 0, lock_timeout: 0, query_timeout: 0, idle_in_transaction_session_timeout: 0 };

// A role can have limits of its own. Those of this transaction do not stay with a session that a pooler shares.
const BE_PATIENT = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'].map(
  (name) => `SET LOCAL ${name} = 0`,
);

/**
 * Brings the schema up to date. Replicas that call at once wait for each other.
 *
 * @returns the names of the migrations that were run, oldest first
 * @throws StartError when the service cannot work with the database
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  await requireUsableDatabase(databaseUrl);
  const options = dataSourceOptions(databaseUrl);
  const extra = { ...(options.extra as object), ...PATIENCE };
  const applicationName = 'seed-scheduler migrations';
  return withDataSource({ ...options, extra, applicationName } as typeof options, (dataSource) =>
    dataSource.transaction(async (manager) => {
      for (const setting of BE_PATIENT) await manager.query(setting);
      await manager.query(LOCK_MIGRATIONS);
      // On the same connection: it has the patience, and the lock.
      const executor = new MigrationExecutor(dataSource, manager.queryRunner);
      executor.transaction = 'all';
      return (await executor.executePendingMigrations()).map(({ name }) => name);
    }),
  );
}

/** What the schema of a database is behind or ahead of this version by. */
export interface SchemaState {
  /** migrations that it lacks, oldest first */
  pending: string[];
  /** migrations that it has and this version does not know: a later one made them */
  unknown: string[];
}

/**
 * Looks and changes nothing.
 *
 * @throws StartError when the service cannot work with the database
 */
export async function schemaState(databaseUrl: string): Promise<SchemaState> {
  await requireUsableDatabase(databaseUrl);
  return withDataSource(dataSourceOptions(databaseUrl), async (dataSource) => {
    const [{ exists }] = await dataSource.query<[{ exists: boolean }]>(HAS_MIGRATIONS);
    const rows = exists ? await dataSource.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id') : [];
    const done = rows.map(({ name }) => name);
    const known = dataSource.migrations.map(({ name, constructor }) => name ?? constructor.name);
    return {
      pending: known.filter((name) => !done.includes(name)),
      unknown: done.filter((name) => !known.includes(name)),
    };
  });
}

/** Calls `use` with a data source that is connected, and says in one sentence what is wrong with its database. */
async function withDataSource<T>(options: DataSourceOptions, use: (dataSource: DataSource) => Promise<T>): Promise<T> {
  try {
    const dataSource = await new DataSource(options).initialize();
    try {
      return await use(dataSource);
    } finally {
      await dataSource.destroy();
    }
  } catch (error) {
    throw explained(error, (options as { url: string }).url);
  }
}
