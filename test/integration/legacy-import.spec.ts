import { describe, expect, it } from 'vitest';
import { type Differences, KINDS } from '../../src/legacy/difference.js';
import { LegacyDatabase } from '../../src/legacy/legacy-database.js';
import { startApp, type TestApp } from '../support/app.js';
import { apply, look } from '../support/legacy-import.js';
import { startLegacyService } from '../support/legacy-service.js';

const KEY = 'c05fbab6d5f912429052830c77eeb022249324cb';
const API_ONLY = { ROLES: 'api' };
const HOURLY = { interval_definition: '1 hours' };

/** Numbers of added, changed, unchanged, left out, conflicts, refused; of kinds that have any. */
function counts(differences: Differences): Record<string, number[]> {
  const all = KINDS.map((kind): [string, number[]] => {
    const { added, changed, unchanged, leftOut, conflicts, refused } = differences[kind];
    return [kind, [added.count, changed.count, unchanged, leftOut.count, conflicts.count, refused.count]];
  });
  return Object.fromEntries(all.filter(([, numbers]) => numbers.some((number) => number > 0)));
}

/** All that an import may write to, to the last digit. */
async function everything({ database }: TestApp): Promise<unknown> {
  const tables = ['users', 'groups', 'user_groups', 'tokens', 'schedules', 'triggers', 'origins', 'audit_log'];
  tables.push('imported_users', 'imported_schedules');
  const rows = tables.map((table) => database.query(`SELECT t::text FROM ${table} t ORDER BY 1`));
  return Promise.all(rows);
}

describe('an import', () => {
  it('says what it would do and does nothing, until it is told to', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const user = await legacy.hasUser({ id: 7, username: 'ann@example.org' });
    await legacy.hasGroup('Editors', [user]);
    await legacy.hasToken(KEY, user);
    await legacy.hasSchedule({ ...HOURLY, created_by_id: user });
    const before = await everything(app);

    const would = await look(app, legacy);

    expect(await everything(app)).toEqual(before);
    const one = [1, 0, 0, 0, 0, 0];
    expect(counts(would)).toEqual({ group: one, user: one, membership: one, token: one, schedule: one });
    expect(counts(await apply(app, legacy))).toEqual(counts(would));
  });

  it('changes nothing when it is run again', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const user = await legacy.hasUser({ id: 7, username: 'ann@example.org' });
    await legacy.hasGroup('Editors', [user]);
    await legacy.hasToken(KEY, user);
    await legacy.hasSchedule({ ...HOURLY, created_by_id: user, auth_token: 'receiver-token' });
    await apply(app, legacy);
    const before = await everything(app);

    const again = await look(app, legacy, { isApplying: true });

    const same = [0, 0, 1, 0, 0, 0];
    expect(counts(again)).toEqual({ group: same, user: same, membership: same, token: same, schedule: same });
    expect(await everything(app)).toEqual(before);
  });

  it('that is broken off goes on from where it was', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasSchedule(HOURLY);
    const columns = (
      await legacy.query<{ list: string }>(
        `SELECT string_agg(column_name, ',') AS list FROM information_schema.columns
        WHERE table_name = 'scheduler_schedule' AND column_name <> 'id'`,
      )
    )[0]?.list;
    await legacy.query(
      `INSERT INTO scheduler_schedule (id, ${columns}) SELECT gen_random_uuid(), ${columns}
         FROM scheduler_schedule, generate_series(1, 1099)`,
    );
    const stop = new AbortController();
    const progress: number[][] = [];
    const onProgress = (...numbers: number[]) => {
      progress.push(numbers);
      stop.abort();
    };

    const first = await apply(app, legacy, { signal: stop.signal, onProgress });
    const second = await apply(app, legacy);

    expect(progress).toEqual([[500, 1100]]);
    expect(counts(first)).toEqual({ schedule: [500, 0, 0, 0, 0, 0] });
    expect(counts(second)).toEqual({ schedule: [600, 0, 500, 0, 0, 0] });
    expect((await app.call('GET', '/api/v1/schedule/?limit=1')).body.count).toBe(1100);
  });

  it('counts all findings, and keeps as many as it is told to, those with a note first', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasUser({ id: 7, username: 'ann' });
    await legacy.hasUser({ id: 8, username: 'bob' });
    for (const username of ['cleo', 'dora']) await legacy.hasUser({ username, is_active: false });
    const { user } = await look(app, legacy, { keep: { noted: 1, plain: 1 } });
    expect(user.added.count).toBe(4);
    expect(user.added.rows.map(({ name }) => name)).toEqual(['cleo', 'ann']);
  });

  it('lets old tokens call the API as their users, in their groups, at their URLs', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const [ann, bob, staff] = [
      await legacy.hasUser({ id: 7, username: 'ann@example.org' }),
      await legacy.hasUser({ id: 8, username: 'bob', email: 'Bob@Example.org' }),
      await legacy.hasUser({ id: 9, username: 'root', is_staff: true }),
    ];
    const group = await legacy.hasGroup('Editors', [ann]);
    await legacy.hasToken(KEY, ann);
    await legacy.hasToken(KEY.replace('c', 'd'), staff);
    const id = await legacy.hasSchedule({ ...HOURLY, created_by_id: ann, updated_by_id: bob });
    await apply(app, legacy);
    const asAnn = { authorization: `Token ${KEY}` };

    const schedule = await app.call('GET', `/api/v1/schedule/${id}/`, undefined, asAnn);
    const users = await app.call('GET', `/api/v1/user/8/`, undefined, asAnn);
    const self = await app.call('GET', `/api/v1/user/7/`, undefined, asAnn);
    const denied = await app.call('POST', '/api/v1/user/token/', { email: 'x@example.org' }, asAnn);
    const asStaff = { authorization: `Token ${KEY.replace('c', 'd')}` };
    const granted = await app.call('POST', '/api/v1/user/token/', { email: 'x@example.org' }, asStaff);

    expect(schedule.body).toMatchObject({
      created_by: `${app.url}/api/v1/user/7/`,
      updated_by: `${app.url}/api/v1/user/8/`,
      created_at: '2017-05-06T09:00:00.123Z',
      updated_at: '2017-05-06T10:00:00.654Z',
    });
    expect(users.body).toMatchObject({ username: 'bob', email: 'bob@example.org', groups: [] });
    expect(self.body).toMatchObject({ groups: [`${app.url}/api/v1/group/${group}/`] });
    expect([denied.status, granted.status]).toEqual([403, 201]);
    expect((await app.call('GET', '/api/v1/user/10/')).body).toMatchObject({ email: 'x@example.org' });
  });

  it('gives a user another id where its own is taken, and says so', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasUser({ id: 1, username: 'ann@example.org' });
    await legacy.hasUser({ id: 2, username: 'bob@example.org' });

    const { user } = await apply(app, legacy);

    expect(user.added.rows.map(({ note }) => note)).toEqual(['its id is taken here: it gets another one', undefined]);
    const users = await app.database.query('SELECT id, email FROM users ORDER BY id');
    expect(users.slice(1)).toEqual([
      { id: 2, email: 'bob@example.org' },
      { id: 3, email: 'ann@example.org' },
    ]);
  });

  it('takes no token of a user who is not active, and makes no admin of one', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasToken(KEY, await legacy.hasUser({ id: 7, username: 'ann', is_staff: true, is_active: false }));
    const { token } = await apply(app, legacy);
    expect(token.leftOut.rows).toMatchObject([{ id: '7', name: 'of ann' }]);
    expect(await app.database.query('SELECT is_admin FROM users WHERE id = 7')).toEqual([{ is_admin: false }]);
    const reply = await app.call('GET', '/api/v1/schedule/', undefined, { authorization: `Token ${KEY}` });
    expect(reply.status).toBe(401);
  });
});

describe('an imported schedule', () => {
  it('keeps its payload, token, runs and state, and runs next when it would have run next', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const nextSendAt = new Date(Math.floor(Date.now() / 1000) * 1000 + 1_234_000);
    const id = await legacy.hasSchedule({
      ...HOURLY,
      payload: { text: 'ünïcode', n: [1, 2.5] },
      auth_token: 'receiver-token',
      next_send_at: nextSendAt,
      frequency: 10,
      triggered: 4,
    });
    const off = await legacy.hasSchedule({ cron_definition: '0 8 * * mon-fri', enabled: false });

    await apply(app, legacy);

    const { body, text } = await app.call('GET', `/api/v1/schedule/${id}/`);
    expect(body).toMatchObject({ interval_definition: '1 hours', frequency: 10, triggered: 4, enabled: true });
    expect(body).toMatchObject({ auth_token: '********', next_send_at: nextSendAt.toISOString() });
    expect(text).toContain('{"n": [1, 2.5], "text": "ünïcode"}');
    const [{ sealed }] = await app.database.query<{ sealed: string }>(
      `SELECT encode(auth_token, 'escape') AS sealed FROM schedules WHERE auth_token IS NOT NULL`,
    );
    expect(sealed).not.toContain('receiver-token');
    const offHere = await app.call('GET', `/api/v1/schedule/${off}/`);
    expect(offHere.body).toMatchObject({ cron_definition: '0 8 * * mon-fri', enabled: false, next_send_at: null });
  });

  it('takes part in no tick from before the import', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasSchedule({ ...HOURLY, next_send_at: '2017-05-06T10:00:00Z' });
    await legacy.hasSchedule({ cron_definition: '* * * * *' });
    const [{ now }] = await app.database.query<{ now: Date }>(
      `SELECT date_trunc('milliseconds', clock_timestamp()) AS now`,
    );
    await apply(app, legacy);
    const triggers = await app.database.query<{ next_fire_at: Date; active_since: Date }>(
      'SELECT t.next_fire_at, s.active_since FROM schedules s JOIN triggers t ON t.id = s.trigger_id',
    );
    expect(triggers).toHaveLength(2);
    for (const { next_fire_at, active_since } of triggers) {
      expect(active_since.getTime()).toBeGreaterThanOrEqual(now.getTime());
      expect(next_fire_at.getTime()).toBeGreaterThan(now.getTime());
    }
  });

  it('that has had all of its runs is off, and one that runs on other days than before is told', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const spent = await legacy.hasSchedule({ ...HOURLY, frequency: 2, triggered: 2 });
    const both = await legacy.hasSchedule({ cron_definition: '0 8 1 * mon' });
    const { schedule } = await apply(app, legacy);
    expect((await app.call('GET', `/api/v1/schedule/${spent}/`)).body).toMatchObject({
      enabled: false,
      created_by: null,
    });
    const notes = new Map(schedule.added.rows.map(({ id, note }) => [id, note]));
    expect(notes.get(spent)).toBe('frequency 2 was not enforced there: its runs are used up, so it is off here');
    expect(notes.get(both)).toMatch(/^runs on days that match either day field/);
  });

  it('that cannot be taken is told with the reason, and stops no other', async () => {
    await using app = await startApp({ ROLES: 'api', EGRESS_ALLOW: '' });
    await using legacy = await startLegacyService();
    const endpoint = 'http://127.1:8000/hook';
    const fine = { endpoint: 'https://app.example.org/hook', ...HOURLY };
    const broken = [
      [{ ...fine, interval_definition: null, cron_definition: '61 * * * *' }, /^cron_definition: .*61/],
      [{ ...fine, interval_definition: null, cron_definition: '0 0 1 1 * 2030' }, /^cron_definition: a sixth field/],
      [{ ...fine, interval_definition: '10 microseconds' }, 'interval_definition: interval must be at least 1 second'],
      [{ ...fine, interval_definition: ' ' }, 'Give exactly one of cron_definition and interval_definition.'],
      [{ ...fine, cron_definition: '0 0 * * *' }, 'Give exactly one of cron_definition and interval_definition.'],
      [{ ...fine, endpoint }, /^endpoint: /],
      [{ ...fine, endpoint: 'ftp://app.example.org/' }, /^endpoint: Enter a URL/],
      [{ ...fine, auth_token: 'two words' }, /^auth_token: /],
      [{ ...fine, frequency: 0 }, /^frequency: It is 0/],
      [{ ...fine, triggered: -1 }, /^triggered: It is -1/],
      [{ ...fine, payload: JSON.parse(`${'['.repeat(101)}${']'.repeat(101)}`) as unknown }, /^payload: .*levels deep/],
    ] as const;
    const reasons = new Map<string, string | RegExp>();
    for (const [columns, reason] of broken) reasons.set(await legacy.hasSchedule(columns), reason);
    const taken = await legacy.hasSchedule(fine);

    const { schedule } = await apply(app, legacy);

    expect(schedule.added.rows.map(({ id }) => id)).toEqual([taken]);
    expect(schedule.refused.rows).toHaveLength(broken.length);
    for (const { id, note } of schedule.refused.rows) expect(note).toMatch(reasons.get(id) as string | RegExp);
  });

  it('with a payload that is no JSON, from a text column, is told', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.query('ALTER TABLE scheduler_schedule ALTER payload TYPE text');
    const id = await legacy.hasSchedule(HOURLY);
    await legacy.query(`UPDATE scheduler_schedule SET payload = '{"a": '`);
    const { schedule } = await apply(app, legacy);
    expect(schedule.refused.rows).toEqual([{ id, name: 'every 1 hours', note: 'payload: Value must be valid JSON.' }]);
  });
});

describe('an import while the replaced service is in use', () => {
  it('takes what was changed there since, and keeps the phase of an interval that stays', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const id = await legacy.hasSchedule({ ...HOURLY, auth_token: 'old-token' });
    await apply(app, legacy);
    const before = await app.call('GET', `/api/v1/schedule/${id}/`);
    await legacy.query(
      `UPDATE scheduler_schedule SET endpoint = 'http://127.0.0.1:9/moved', auth_token = 'new-token', enabled = false,
              triggered = 3, updated_at = now(), next_send_at = now() + interval '7 minutes'`,
    );

    const changed = await apply(app, legacy);
    const off = await app.call('GET', `/api/v1/schedule/${id}/`);
    await legacy.query('UPDATE scheduler_schedule SET enabled = true, updated_at = now()');
    await apply(app, legacy);

    expect(changed.schedule.changed.rows).toMatchObject([
      {
        changes: {
          endpoint: { before: 'http://127.0.0.1:9/unused', after: 'http://127.0.0.1:9/moved' },
          auth_token: { before: '********', after: '********' },
          enabled: { before: true, after: false },
          triggered: { before: 0, after: 3 },
        },
      },
    ]);
    expect(off.body).toMatchObject({ enabled: false, triggered: 3, endpoint: 'http://127.0.0.1:9/moved' });
    const on = await app.call('GET', `/api/v1/schedule/${id}/`);
    expect(on.body).toMatchObject({ enabled: true, next_send_at: before.body.next_send_at as string });
    expect(counts(await look(app, legacy))).toEqual({ schedule: [0, 0, 1, 0, 0, 0] });
  });

  it('takes it also where the clock there is ahead', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasSchedule({ ...HOURLY, updated_at: new Date(Date.now() + 600_000) });
    await apply(app, legacy);
    await legacy.query(`UPDATE scheduler_schedule SET payload = '1', updated_at = updated_at + interval '1 minute'`);
    expect(counts(await apply(app, legacy))).toEqual({ schedule: [0, 1, 0, 0, 0, 0] });
  });

  it('gives a schedule its new definition, and leaves no trigger behind', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const id = await legacy.hasSchedule(HOURLY);
    await apply(app, legacy);
    await legacy.query(
      `UPDATE scheduler_schedule SET cron_definition = '@daily', interval_definition = NULL, updated_at = now()`,
    );
    const { schedule } = await apply(app, legacy);
    expect(schedule.changed.rows).toMatchObject([
      { changes: { definition: { before: 'every 1 hours', after: '@daily' } } },
    ]);
    expect((await app.call('GET', `/api/v1/schedule/${id}/`)).body).toMatchObject({ cron_definition: '@daily' });
    expect(await app.database.query('SELECT text FROM triggers')).toEqual([{ text: '@daily' }]);
  });

  it('leaves alone what was changed or removed here, and says so; unless it is told to overwrite', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const edited = await legacy.hasSchedule(HOURLY);
    const removed = await legacy.hasSchedule(HOURLY);
    await apply(app, legacy);
    await app.call('PATCH', `/api/v1/schedule/${edited}/`, { payload: { here: true } });
    await app.call('DELETE', `/api/v1/schedule/${removed}/`);
    await legacy.query(`UPDATE scheduler_schedule SET payload = '{"there": true}', updated_at = now()`);

    const { schedule } = await apply(app, legacy);
    const left = await app.call('GET', `/api/v1/schedule/${edited}/`);
    const overwritten = await apply(app, legacy, { isOverwriting: true });

    expect(new Map(schedule.conflicts.rows.map(({ id, note }) => [id, note]))).toEqual(
      new Map([
        [edited, 'was changed here'],
        [removed, 'was removed here'],
      ]),
    );
    expect(left.body.payload).toEqual({ here: true });
    expect(counts(overwritten)).toEqual({ schedule: [1, 1, 0, 0, 0, 0] });
    expect((await app.call('GET', `/api/v1/schedule/${edited}/`)).body.payload).toEqual({ there: true });
    expect((await app.call('GET', `/api/v1/schedule/${removed}/`)).status).toBe(200);
  });

  it('does not bring back a token that was revoked here', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasToken(KEY, await legacy.hasUser({ id: 7, username: 'ann@example.org' }));
    await apply(app, legacy);
    const { body } = await app.call('GET', '/api/v1/user/7/token/');
    expect(body.results).toMatchObject([{ label: 'imported', created_at: '2018-01-02T03:04:05.678Z' }]);
    await app.call('DELETE', `/api/v1/user/7/token/${body.results[0].id}/`);

    expect((await apply(app, legacy)).token.conflicts.rows).toMatchObject([{ name: 'of ann@example.org' }]);
    const asAnn = { authorization: `Token ${KEY}` };
    expect((await app.call('GET', '/api/v1/schedule/', undefined, asAnn)).status).toBe(401);
    expect(counts(await apply(app, legacy, { isOverwriting: true })).token).toEqual([1, 0, 0, 0, 0, 0]);
  });

  it('does not make an admin of the holder of an old token, where a user who was none there is one here', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasToken(KEY, await legacy.hasUser({ id: 7, username: 'bob', email: 'admin@localhost' }));
    const { user, token } = await apply(app, legacy);
    expect(user.conflicts.rows).toMatchObject([{ id: '7', changes: { is_admin: { before: true, after: false } } }]);
    expect(token.conflicts.rows).toMatchObject([{ note: 'its user is an admin here, and none there' }]);
    const reply = await app.call('GET', '/api/v1/schedule/', undefined, { authorization: `Token ${KEY}` });
    expect(reply.status).toBe(401);
  });

  it('takes admins and groups over from there, but not of users whose groups were changed here', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const [ann, bob] = [
      await legacy.hasUser({ id: 7, username: 'ann@example.org' }),
      await legacy.hasUser({ id: 8, username: 'bob@example.org' }),
    ];
    await legacy.hasGroup('Editors', [ann, bob]);
    await apply(app, legacy);
    await app.call('PUT', '/api/v1/user/7/', { groups: [] });
    await legacy.query('UPDATE auth_user SET is_staff = true; DELETE FROM auth_user_groups WHERE user_id = 8');

    const { user, membership } = await apply(app, legacy);

    expect(user.conflicts.rows).toMatchObject([{ id: '7', changes: { is_admin: { before: false, after: true } } }]);
    expect(user.changed.rows).toMatchObject([{ id: '8', changes: { is_admin: { before: false, after: true } } }]);
    expect(membership.conflicts.rows).toMatchObject([{ name: 'ann@example.org in Editors' }]);
    expect(membership.changed.rows).toMatchObject([{ name: 'bob@example.org in Editors' }]);
    expect(await app.database.query('SELECT * FROM user_groups')).toEqual([]);
  });
});

describe("the replaced service's database", () => {
  it('may be older and lack columns, and may be in another schema', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const id = await legacy.hasSchedule({ ...HOURLY, frequency: 3 });
    await legacy.query('ALTER TABLE scheduler_schedule DROP enabled, DROP triggered, DROP auth_token');
    await legacy.query(`CREATE SCHEMA "Old ""One"""; ALTER TABLE scheduler_schedule SET SCHEMA "Old ""One"""`);
    for (const table of ['auth_user', 'auth_group', 'auth_user_groups', 'authtoken_token']) {
      await legacy.query(`ALTER TABLE ${table} SET SCHEMA "Old ""One"""`);
    }
    await apply(app, legacy, { schema: 'Old "One"' });
    const { body } = await app.call('GET', `/api/v1/schedule/${id}/`);
    expect(body).toMatchObject({ enabled: true, triggered: 0, frequency: 3, auth_token: null });
  });

  it('that lacks a table is refused with its name', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.query('DROP TABLE authtoken_token; ALTER TABLE auth_group DROP name');
    await expect(look(app, legacy)).rejects.toThrow(/lacks column auth_group\.name, table authtoken_token$/);
  });

  it('is read as it was at one instant, in a transaction that cannot write', async () => {
    await using legacy = await startLegacyService();
    await legacy.hasSchedule(HOURLY);
    await LegacyDatabase.read(legacy.url, null, async (database) => {
      await legacy.hasSchedule(HOURLY);
      expect((await database.survey()).schedules).toBe(1);
      const [session] = await legacy.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'seed-scheduler import' AND state = 'idle in transaction'
            AND datname = current_database()`,
      );
      expect(session).toBeDefined();
      const client = (database as unknown as { client: { query(sql: string): Promise<unknown> } }).client;
      await expect(client.query('DELETE FROM scheduler_schedule')).rejects.toThrow('read-only transaction');
    });
  });
});
