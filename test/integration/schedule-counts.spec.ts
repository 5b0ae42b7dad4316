import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { dataSourceOf } from '../../ormconfig.js';
import { Scope } from '../../src/database/scope.js';
import { migrate } from '../../src/database/migrate.js';
import { ScheduleList } from '../../src/schedules/schedule-list.js';
import { COMPACT_COUNTS, countAll } from '../../src/schedules/schedules.queries.js';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import { createDatabase } from '../support/database.js';
import { cloneSchedule } from '../support/schedules.js';

async function listed(app: TestApp, query = ''): Promise<number> {
  return (await app.call('GET', `/api/v1/schedule/?limit=1${query}`)).body.count as number;
}

async function countsByCreator({ database }: TestApp): Promise<unknown> {
  return database.query(
    `SELECT created_by, sum(delta)::int AS count FROM schedule_counts
      GROUP BY created_by HAVING sum(delta) <> 0 ORDER BY created_by`,
  );
}

describe('the count of a list', () => {
  it('is right whichever way schedules come and go', async () => {
    await using app = await startApp({ ROLES: 'api' });
    expect(await listed(app)).toBe(0);
    const { id } = await app.creates(aSchedule({}));
    await cloneSchedule(app.database, id, 500);
    expect(await listed(app)).toBe(501);
    await app.call('DELETE', `/api/v1/schedule/${id}/`);
    expect(await listed(app)).toBe(500);
    await app.database.query('DELETE FROM schedules WHERE id IN (SELECT id FROM schedules LIMIT 100)');
    expect(await listed(app)).toBe(400);
    await app.database.query('TRUNCATE schedules');
    expect(await listed(app)).toBe(0);
  });

  it('goes by the creator, and those of a user who is removed are nobody’s', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { id } = await app.creates(aSchedule({}));
    await app.database.query(`INSERT INTO users (id, email, username) VALUES (77, 'b@example.org', 'b')`);
    await cloneSchedule(app.database, id, 3);
    await app.database.query('UPDATE schedules SET created_by = 77 WHERE id <> $1', [id]);
    expect(await countsByCreator(app)).toEqual([
      { created_by: 1, count: 1 },
      { created_by: 77, count: 3 },
    ]);

    await app.database.query('DELETE FROM users WHERE id = 77');

    expect(await countsByCreator(app)).toEqual([
      { created_by: 1, count: 1 },
      { created_by: null, count: 3 },
    ]);
    await app.database.query(COMPACT_COUNTS);
    expect(await app.database.query('SELECT delta::int FROM schedule_counts ORDER BY created_by')).toEqual([
      { delta: 1 },
      { delta: 3 },
    ]);
    expect(await listed(app)).toBe(4);
  });

  it('is never off while it is put together by two replicas and schedules are created', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const dataSource = app.nest.get(DataSource);
    let isDone = false;
    const compact = async () => {
      while (!isDone) await dataSource.query(COMPACT_COUNTS);
    };
    const watch = async () => {
      while (!isDone) {
        // Both in one snapshot.
        const sql = `SELECT (${countAll('true')}) AS kept, (SELECT count(*)::int FROM schedules) AS counted`;
        const [{ kept, counted }] = await dataSource.query<[{ kept: number; counted: number }]>(sql);
        expect(kept).toBe(counted);
      }
    };
    const create = async () => {
      for (let i = 0; i < 60; i++) {
        const { id } = await app.creates(aSchedule({ interval_definition: '1 days' }));
        if (i % 3 === 0) await app.call('DELETE', `/api/v1/schedule/${id}/`);
      }
    };
    const watched = Promise.all([compact(), compact(), watch(), watch()]);

    await Promise.all([create(), create(), create(), create()]).finally(() => (isDone = true));
    await watched;

    expect(await listed(app)).toBe(160);
    await dataSource.query(COMPACT_COUNTS);
    expect(await app.database.query('SELECT delta::int FROM schedule_counts')).toEqual([{ delta: 160 }]);
  });

  it('is right for each filter', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await app.creates(aSchedule({ frequency: 44, endpoint: 'http://127.0.0.1:9/a' }));
    await app.creates(aSchedule({ frequency: 44, enabled: false }));
    await app.creates(aSchedule({ cron_definition: '@daily', interval_definition: null }));
    const list = app.nest.get(ScheduleList, { strict: false });

    expect(await list.count({}, Scope.everything())).toBe(3);
    expect(await listed(app, '&enabled=true')).toBe(2);
    expect(await listed(app, '&enabled=false')).toBe(1);
    expect(await listed(app, '&frequency=44')).toBe(2);
    expect(await listed(app, '&frequency=44&enabled=true')).toBe(1);
    expect(await listed(app, '&triggered=0')).toBe(3);
    expect(await listed(app, '&endpoint=http%3A%2F%2F127.0.0.1%3A9%2Fa')).toBe(1);
    expect(await listed(app, '&cron_definition=%40daily')).toBe(1);
    expect(await listed(app, '&interval_definition=1%20seconds')).toBe(2);
    expect(await listed(app, '&cron_definition=%40daily&interval_definition=1%20seconds')).toBe(0);
  });

  it('includes what was there before counts were kept', async () => {
    await using database = await createDatabase();
    await migrate(database.url);
    const dataSource = await dataSourceOf(database.url).initialize();
    const isKept = `SELECT FROM pg_class WHERE relname = 'schedule_counts'`;
    while ((await database.query(isKept)).length > 0) await dataSource.undoLastMigration();
    await dataSource.destroy();
    await database.query(`INSERT INTO triggers (kind, text, phase) VALUES ('interval', '1 days', 'epoch')`);
    await database.query(
      `INSERT INTO schedules (id, trigger_id, endpoint, payload, active_since)
       SELECT gen_random_uuid(), (SELECT id FROM triggers), 'http://127.0.0.1:9/', '{}', now() FROM generate_series(1, 7)`,
    );

    await migrate(database.url);

    expect(await database.query(countAll('true'))).toEqual([{ count: 7 }]);
  });
});
