import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';

// Held while migrating, so that replicas that start together do it once. It goes with the connection.
const LOCK_MIGRATIONS = `SELECT pg_advisory_xact_lock(hashtext('seed-scheduler migrations'))`;

/** Brings the schema up to date. Replicas that call at once wait for each other. */
export async function migrate(databaseUrl: string): Promise<void> {
  const dataSource = await new DataSource(dataSourceOptions(databaseUrl)).initialize();
  try {
    await dataSource.transaction(async (manager) => {
      await manager.query(LOCK_MIGRATIONS);
      await dataSource.runMigrations();
    });
  } finally {
    await dataSource.destroy();
  }
}
