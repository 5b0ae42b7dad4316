import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';

// Held while migrating, so that replicas that start together do it once. It goes with the connection.
const LOCK_MIGRATIONS = `SELECT pg_advisory_xact_lock(hashtext('seed-scheduler migrations'))`;

// A migration takes as long as it takes, and so does the wait for another replica's. Meanwhile the connection that holds
// the lock has nothing to do.
const PATIENCE = { statement_timeout: 0, lock_timeout: 0, query_timeout: 0, idle_in_transaction_session_timeout: 0 };

/** Brings the schema up to date. Replicas that call at once wait for each other. */
export async function migrate(databaseUrl: string): Promise<void> {
  const options = dataSourceOptions(databaseUrl);
  const extra = { ...(options.extra as object), ...PATIENCE };
  const dataSource = await new DataSource({
    ...options,
    extra,
    applicationName: 'seed-scheduler migrations',
  } as typeof options).initialize();
  try {
    await dataSource.transaction(async (manager) => {
      await manager.query(LOCK_MIGRATIONS);
      await dataSource.runMigrations();
    });
  } finally {
    await dataSource.destroy();
  }
}
