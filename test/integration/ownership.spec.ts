import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { dataSourceOf } from '../../ormconfig.js';
import { migrate } from '../../src/database/migrate.js';
import { startApp, type TestApp } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { aPerson, failOnce } from '../support/people.js';
import { cloneSchedule } from '../support/schedules.js';

async function ownersOfFailedTasks(database: TestDatabase): Promise<(number | null)[]> {
  const rows = await database.query<{ owner_id: number | null }>('SELECT owner_id FROM failed_tasks ORDER BY id');
  return rows.map(({ owner_id }) => owner_id);
}

/** Resolves when a statement waits for a lock that somebody else holds. */
async function someoneWaits({ database }: TestApp): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await expect.poll(() => database.query(waiting), { timeout: 5_000 }).toHaveLength(1);
}

describe('a failed task', () => {
  it('has the owner of its schedule, also after that one changes or goes', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const [ann, bob] = [await aPerson(app, 'ann'), await aPerson(app, 'bob')];
    const { id } = await ann.creates();
    await failOnce(app, id as string);
    await failOnce(app, (await bob.creates()).id as string);
    expect(await ownersOfFailedTasks(app.database)).toEqual([ann.id, bob.id]);

    await app.database.query('UPDATE schedules SET created_by = $1 WHERE id = $2', [bob.id, id]);
    expect(await ownersOfFailedTasks(app.database)).toEqual([bob.id, bob.id]);

    await app.database.query('DELETE FROM users WHERE id = $1', [bob.id]);
    expect(await ownersOfFailedTasks(app.database)).toEqual([null, null]);
  });

  it('that was there before owners were written has the owner of its schedule', async () => {
    await using database = await createDatabase();
    await migrate(database.url);
    const dataSource = await dataSourceOf(database.url).initialize();
    const isWritten = `SELECT FROM pg_attribute WHERE attname = 'owner_id' AND attrelid = 'failed_tasks'::regclass AND NOT attisdropped`;
    while ((await database.query(isWritten)).length > 0) await dataSource.undoLastMigration();
    await dataSource.destroy();
    await database.query(`INSERT INTO users (id, email, username) VALUES (77, 'b@example.org', 'b')`);
    await database.query(`INSERT INTO triggers (kind, text, phase) VALUES ('interval', '1 days', 'epoch')`);
    await database.query(
      `WITH made AS (
         INSERT INTO schedules (id, trigger_id, endpoint, origin_id, payload, active_since, created_by)
         SELECT gen_random_uuid(), (SELECT id FROM triggers), 'http://127.0.0.1:9/', 1, '{}', now(), 77 RETURNING id
       )
       INSERT INTO failed_tasks (schedule_id, scheduled_for, attempts) SELECT id, now(), 6 FROM made`,
    );
    await database.query(
      `INSERT INTO failed_tasks (schedule_id, scheduled_for, attempts) VALUES (gen_random_uuid(), now(), 6)`,
    );

    await migrate(database.url);

    expect(await ownersOfFailedTasks(database)).toEqual([77, null]);
  });
});

describe('a filtered list', () => {
  it('of somebody who owns so many that the table is scanned shows and counts no others', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const [ann, bob] = [await aPerson(app, 'ann'), await aPerson(app, 'bob')];
    const { id } = await ann.creates({ catch_up: 'none' });
    await cloneSchedule(app.database, id as string, 20_000);
    for (let i = 0; i < 3; i++) await bob.creates({ catch_up: 'none' });

    const { count, results } = (await ann.call('GET', '/api/v1/schedule/?catch_up=none&limit=1000')).body;

    expect(count).toBe(20_001);
    expect(new Set(results.map(({ created_by }: { created_by: string }) => created_by))).toEqual(new Set([ann.url]));
    expect((await bob.call('GET', '/api/v1/schedule/?catch_up=none')).body.count).toBe(3);
    expect((await app.call('GET', '/api/v1/schedule/?catch_up=none')).body.count).toBe(20_004);
  });
});

describe('a change', () => {
  it.each(['PATCH', 'DELETE'])(
    'that waits while the schedule passes to somebody out of scope finds nothing: %s',
    async (method) => {
      await using app = await startApp({ ROLES: 'api' });
      const [ann, bob] = [await aPerson(app, 'ann'), await aPerson(app, 'bob')];
      const { id } = await ann.creates();
      const other = new Client({ connectionString: app.database.url });
      await other.connect();
      await other.query('BEGIN');
      await other.query('UPDATE schedules SET created_by = $1 WHERE id = $2', [bob.id, id]);
      const changing = ann.call(method, `/api/v1/schedule/${id}/`, { payload: 'changed' });
      await someoneWaits(app);

      await other.query('COMMIT');
      await other.end();

      expect(await changing).toMatchObject({ status: 404, body: { detail: 'Not found.' } });
      expect((await bob.call('GET', `/api/v1/schedule/${id}/`)).body.payload).toEqual({});
    },
  );
});
