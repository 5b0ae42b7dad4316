import { describe, expect, it } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.js';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import { createDatabase } from '../support/database.js';
import { startProcess } from '../support/process.js';

const DAILY = aSchedule({ cron_definition: '7 7 * * *', interval_definition: null });

const actions = async ({ database }: Pick<TestApp, 'database'>) =>
  (await database.query<{ action: string }>('SELECT action FROM audit_log ORDER BY id')).map(({ action }) => action);

describe('the audit log', () => {
  it('has each of many changes that were made at once, written in fewer statements than there are changes', async () => {
    await using app = await startApp({ ROLES: 'api' });

    const created = await Promise.all(Array.from({ length: 100 }, () => app.creates(DAILY)));

    const records = await app.database.query<{ target_id: string; xmin: string }>(
      `SELECT target_id, xmin FROM audit_log WHERE action = 'schedule.create'`,
    );
    expect(records.map((one) => one.target_id).sort()).toEqual(created.map(({ id }) => id as string).sort());
    expect(new Set(records.map(({ xmin }) => xmin)).size).toBeLessThan(100);
  });

  it('that cannot be written keeps a change from being acknowledged, and the service logs the record', async () => {
    await using database = await createDatabase();
    await using service = await startProcess({ DATABASE_URL: database.url, ROLES: 'api' });
    await database.query('ALTER TABLE audit_log RENAME TO away');

    const body = { ...DAILY, auth_token: 'canary-token' };
    const reply = await service.call('POST', '/api/v1/schedule/', body, { 'x-request-id': 'lost-1' });

    const detail = 'The change was made, but it could not be written to the audit log.';
    expect(reply).toMatchObject({ status: 503, body: { detail } });
    expect(reply.headers.get('x-request-id')).toBe('lost-1');
    const [schedule] = await database.query<{ id: string }>('SELECT id FROM schedules');
    const line = service
      .output()
      .split('\n')
      .find((one) => one.includes('not in the audit log'));
    expect(JSON.parse(line ?? '')).toMatchObject({ level: 50, reqId: 'lost-1' });
    expect(line).toContain(schedule?.id);
    expect(service.output()).not.toContain('canary-token');
  });

  it('takes what the service and the command line did, with the process in place of an address', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const log = app.nest.get(AuditLog);
    const target = { kind: 'user', id: 'a\0b\ud800' };

    await Promise.all([
      log.record({ actor: { kind: 'cli' }, action: 'import', target: { kind: 'import' } }),
      log.record({ actor: { kind: 'cli' }, action: 'token.create', target }),
    ]);

    const { body } = await app.call('GET', '/api/v1/audit/?actor=cli');
    expect(body.results).toMatchObject([
      {
        action: 'token.create',
        target: { kind: 'user', id: 'ab\ufffd' },
        actor: { kind: 'cli', id: null, email: null },
      },
      { action: 'import', target: { kind: 'import', id: null }, source: expect.stringMatching(/\/\d+$/) },
    ]);
  });

  it('names the first admin once, however often the service starts with the same token', async () => {
    await using database = await createDatabase();
    for (const _ of [1, 2]) await (await startApp({ ROLES: 'api' }, database))[Symbol.asyncDispose]();
    expect(await actions({ database })).toEqual(['admin.create']);

    const other = { ROLES: 'api', SCHEDULER_ADMIN_TOKEN: 'another-admin-token-0123456789' };
    await (await startApp(other, database))[Symbol.asyncDispose]();
    expect(await actions({ database })).toEqual(['admin.create', 'admin.create']);
  });

  it('forgets what is older than the retention time, and nothing younger', async () => {
    await using database = await createDatabase();
    await (await startApp({ ROLES: 'api' }, database))[Symbol.asyncDispose]();
    await database.query(
      `INSERT INTO audit_log (at, actor_kind, action, outcome, target_kind, source)
       SELECT now() - age::interval, 'cli', 'import', 'done', age, ''
         FROM unnest('{6 days 23:59,7 days 00:01}'::text[]) AS age
       UNION ALL SELECT now() - '30 days'::interval, 'cli', 'import', 'done', 'old', '' FROM generate_series(1, 12000)`,
    );

    await using app = await startApp({ ROLES: 'api', AUDIT_RETENTION_DAYS: '7' }, database);

    const left = await app.eventually('/api/v1/audit/?action=import', ({ count }) => count < 3);
    expect(left.results).toMatchObject([{ target: { kind: '6 days 23:59' } }]);
  });

  it('counts to 100,000, and leads no further than that', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await app.database.query(
      `INSERT INTO audit_log (actor_kind, action, outcome, target_kind, source)
       SELECT 'cli', 'import', 'done', 'import', '' FROM generate_series(1, 100001)`,
    );

    const last = await app.call('GET', '/api/v1/audit/?action=import&limit=10&offset=99990');

    expect(last.body).toMatchObject({ count: 100_000, next: null });
    expect(last.body.results).toHaveLength(10);
    expect((await app.call('GET', '/api/v1/audit/?offset=100000')).body.results).toEqual([]);
  });
});

describe('refusals', () => {
  it('are recorded sixty times a minute at most, for one user', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { body } = await app.call('POST', '/api/v1/user/token/', { email: 'bob@example.org' });
    const headers = { authorization: `Token ${body.token}` };

    const replies = await Promise.all(
      Array.from({ length: 150 }, () => app.call('POST', '/api/v1/group/', {}, headers)),
    );

    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([403]));
    const [{ count } = { count: 0 }] = await app.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM audit_log WHERE outcome = 'denied'`,
    );
    // Twice as many when a minute ended meanwhile.
    expect([60, 120]).toContain(count);
  });
});
