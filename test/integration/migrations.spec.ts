import { describe, expect, it } from 'vitest';
import { dataSourceOf } from '../../ormconfig.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { migrate } from '../../src/database/migrate.js';
import { OUTCOMES } from '../../src/deliveries/attempt.entity.js';
import { createDatabase } from '../support/database.js';

describe('the migrations', () => {
  it('lead from an empty database to the schema of the entities, with no difference left', async () => {
    await using database = await createDatabase();
    await migrate(database.url);
    const dataSource = await dataSourceOf(database.url).initialize();

    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    await dataSource.destroy();

    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('run once when two replicas start together', async () => {
    await using database = await createDatabase();

    await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);

    const { migrations } = dataSourceOptions(database.url);
    expect(await database.query('SELECT name FROM migrations')).toHaveLength(Object.keys(migrations!).length);
  });

  it('can be taken back, with a history of every outcome', async () => {
    await using database = await createDatabase();
    await migrate(database.url);
    await database.query(
      `INSERT INTO attempts (attempt, scheduled_for, schedule_id, started_at, outcome, missed_count, replica)
       SELECT 0, now(), gen_random_uuid(), now(), outcome, CASE outcome WHEN 'missed' THEN 1 END, ''
         FROM unnest($1::text[]) AS outcome`,
      [OUTCOMES],
    );
    const dataSource = await dataSourceOf(database.url).initialize();

    for (const _ of dataSource.migrations) await dataSource.undoLastMigration();
    await dataSource.destroy();

    const tables = await database.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
    expect(tables).toEqual([{ tablename: 'migrations' }]);
  });
});
