import { describe, expect, it } from 'vitest';
import { dataSourceOf } from '../../ormconfig.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { migrate } from '../../src/database/migrate.js';
import { OUTCOMES } from '../../src/deliveries/attempt.entity.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

/** As the release before wrote its attempts. */
const FORMER_INSERT = `
  INSERT INTO attempts (schedule_id, scheduled_for, attempt, started_at, duration_ms, replica)`;

async function hasColumn(database: TestDatabase, name: string): Promise<boolean> {
  const sql = `SELECT FROM information_schema.columns WHERE table_name = 'attempts' AND column_name = $1`;
  return (await database.query(sql, [name])).length > 0;
}

/** Where the ledger's partitions are stored. A table that is written anew gets another file. */
function filesOf(database: TestDatabase): Promise<unknown[]> {
  return database.query(
    `SELECT relname, pg_relation_filenode(oid) FROM pg_class WHERE relname IN ('attempts_default', 'attempts_20260101')
      ORDER BY 1`,
  );
}

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

  it('that note requests sent again leave the former release its ledger, and all of its partitions the column', async () => {
    await using database = await createDatabase();
    await migrate(database.url);
    const dataSource = await dataSourceOf(database.url).initialize();
    while (await hasColumn(database, 'is_resent')) await dataSource.undoLastMigration();
    await database.query(
      `CREATE TABLE attempts_20260101 PARTITION OF attempts FOR VALUES FROM ('2026-01-01') TO ('2026-01-02')`,
    );
    await database.query(
      `${FORMER_INSERT} SELECT gen_random_uuid(), '2026-01-01', n, now(), 5, 'a/1' FROM generate_series(1, 9) n`,
    );
    const before = await filesOf(database);

    await dataSource.runMigrations();
    await dataSource.destroy();
    await database.query(`${FORMER_INSERT} VALUES (gen_random_uuid(), '2026-01-01', 1, now(), 5, 'a/1')`);

    expect(await database.query('SELECT is_resent, count(*)::int FROM attempts GROUP BY 1')).toEqual([
      { is_resent: false, count: 10 },
    ]);
    // No table was written anew.
    expect(await filesOf(database)).toEqual(before);
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
