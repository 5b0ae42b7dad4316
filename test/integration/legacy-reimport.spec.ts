import { describe, expect, it } from 'vitest';
import { type ImportOptions } from '../../src/legacy/import-options.js';
import { secondId } from '../../src/legacy/proposal.js';
import { startApp, type TestApp } from '../support/app.js';
import { apply, look, report } from '../support/legacy-import.js';
import { type LegacyService, startLegacyService } from '../support/legacy-service.js';
import { failOnce } from '../support/people.js';

const KEY = 'c05fbab6d5f912429052830c77eeb022249324cb';
const NEW_KEY = KEY.replace('c', 'd');
const API_ONLY = { ROLES: 'api' };
const HOURLY = { interval_definition: '1 hours' };

async function statusWith(app: TestApp, key: string): Promise<number> {
  return (await app.call('GET', '/api/v1/schedule/', undefined, { authorization: `Token ${key}` })).status;
}

async function ids(app: TestApp): Promise<string[]> {
  return (await app.database.query<{ id: string }>('SELECT id FROM schedules ORDER BY id')).map(({ id }) => id);
}

describe('a schedule that was deleted there since the last import', () => {
  it('is listed, and removed with its failed tasks only when asked to', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const [gone, kept] = [await legacy.hasSchedule(HOURLY), await legacy.hasSchedule({ cron_definition: '@daily' })];
    const own = (await app.creates({ endpoint: 'http://127.0.0.1:9/own', ...HOURLY })).id as string;
    await apply(app, legacy);
    await failOnce(app, gone);
    await legacy.query('DELETE FROM scheduler_schedule WHERE id = $1', [gone]);
    const pruned: string[] = [];
    const pruning = {
      isPruning: true,
      onPruned: (some: string[]) => {
        pruned.push(...some);
        return Promise.resolve();
      },
    };

    const listed = await apply(app, legacy);
    const before = await ids(app);
    const would = await look(app, legacy, pruning);
    const stillThere = await ids(app);
    const done = await apply(app, legacy, pruning);

    expect(listed.schedule.gone.rows).toMatchObject([
      { id: gone, name: 'every 1 hours', note: 'is no longer there, but keeps running here' },
    ]);
    expect(before).toEqual([gone, kept, own].sort());
    expect([would.schedule.removed.rows, would.schedule.gone.count]).toMatchObject([[{ id: gone }], 0]);
    expect(stillThere).toEqual(before);
    expect(done.schedule.removed.rows).toMatchObject([{ id: gone }]);
    expect(pruned).toEqual([gone]);
    expect(await ids(app)).toEqual([kept, own].sort());
    expect(await app.database.query('SELECT * FROM failed_tasks')).toEqual([]);
    const triggers = await app.database.query<{ text: string }>('SELECT text FROM triggers ORDER BY text');
    expect(triggers.map(({ text }) => text)).toEqual(['1 hours', '@daily']);
    const again = await apply(app, legacy, pruning);
    expect([again.schedule.removed.count, again.schedule.gone.count]).toEqual([0, 0]);
  });

  it('stays where it was changed here, unless that is to be overwritten', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const id = await legacy.hasSchedule(HOURLY);
    await legacy.hasSchedule(HOURLY);
    await apply(app, legacy);
    await app.call('PATCH', `/api/v1/schedule/${id}/`, { payload: { here: true } });
    await legacy.query('DELETE FROM scheduler_schedule WHERE id = $1', [id]);

    const { schedule } = await apply(app, legacy, { isPruning: true });

    expect(schedule.conflicts.rows).toMatchObject([{ id, note: 'is no longer there, but was changed here' }]);
    expect(await ids(app)).toContain(id);
    await apply(app, legacy, { isPruning: true, isOverwriting: true });
    expect(await ids(app)).not.toContain(id);
  });

  it('is found on every page, also beyond the last', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.query(
      `INSERT INTO scheduler_schedule (id, triggered, interval_definition, endpoint, enabled, updated_at, created_at)
       SELECT gen_random_uuid(), 0, '1 hours', 'http://127.0.0.1:9/', true, now(), now() FROM generate_series(1, 1600)`,
    );
    await apply(app, legacy);
    const gone = await legacy.query<{ id: string }>(
      `DELETE FROM scheduler_schedule WHERE id IN (
         (SELECT id FROM scheduler_schedule ORDER BY id LIMIT 3) UNION ALL
         (SELECT id FROM scheduler_schedule ORDER BY id DESC LIMIT 3) UNION ALL
         (SELECT id FROM scheduler_schedule ORDER BY id LIMIT 3 OFFSET 700)) RETURNING id`,
    );

    const { schedule } = await apply(app, legacy, { isPruning: true, keep: { noted: Infinity, plain: 0 } });

    expect(schedule.removed.rows.map(({ id }) => id).sort()).toEqual(gone.map(({ id }) => id).sort());
    expect(await ids(app)).toHaveLength(1591);
  });

  it('is not removed on behalf of a database without any', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasUser({ id: 7, username: 'ann' });
    await legacy.hasSchedule(HOURLY);
    await apply(app, legacy);
    await legacy.query('DELETE FROM scheduler_schedule');
    await expect(apply(app, legacy, { isPruning: true })).rejects.toThrow('has no schedules at all');
    expect(await ids(app)).toHaveLength(1);
  });

  it('is not missed in another replaced service’s database', async () => {
    await using app = await startApp(API_ONLY);
    await using one = await startLegacyService();
    await using other = await startLegacyService();
    const joined = (hour: number) => ({ date_joined: `2016-03-04 0${hour}:42:11.123456+00` });
    const ann = await one.hasUser({ id: 7, username: 'ann', ...joined(7) });
    await one.hasToken(KEY, ann);
    await one.hasSchedule({ ...HOURLY, created_by_id: ann });
    const bob = await other.hasUser({ id: 7, username: 'bob', ...joined(8) });
    await other.hasToken(NEW_KEY, bob);
    await other.hasSchedule({ ...HOURLY, created_by_id: bob });
    await apply(app, one);

    const { user, token, schedule } = await apply(app, other, { isPruning: true });

    expect([user.added.count, user.changed.count, token.removed.count]).toEqual([1, 0, 0]);
    expect([schedule.added.count, schedule.removed.count]).toEqual([1, 0]);
    expect([await statusWith(app, KEY), await statusWith(app, NEW_KEY)]).toEqual([200, 200]);
    expect(counted(await apply(app, one))).toEqual([1, 1, 1]);
    expect(counted(await apply(app, other))).toEqual([1, 1, 1]);
  });

  it('is not missed in a database that has only the users of a fixture in common', async () => {
    await using app = await startApp(API_ONLY);
    await using one = await startLegacyService();
    await using other = await startLegacyService();
    const joined = (hour: number) => ({ date_joined: `2016-03-04 0${hour}:42:11.123456+00` });
    const people: [LegacyService, string, string, number][] = [
      [one, 'ann', KEY, 7],
      [other, 'bob', NEW_KEY, 8],
    ];
    for (const [legacy, username, key, hour] of people) {
      await legacy.hasUser({ id: 1, username: 'admin', is_superuser: true });
      await legacy.hasToken(key, await legacy.hasUser({ id: 7, username, ...joined(hour) }));
      await legacy.hasUser({ id: 8, username: `${username}2`, ...joined(hour) });
    }
    await apply(app, one);

    const { user, token } = await apply(app, other);

    expect([user.added.count, user.changed.count, token.removed.count]).toEqual([2, 0, 0]);
    expect([await statusWith(app, KEY), await statusWith(app, NEW_KEY)]).toEqual([200, 200]);
  });
});

function counted({ user, token, schedule }: Awaited<ReturnType<typeof apply>>): number[] {
  return [user.unchanged, token.unchanged, schedule.unchanged];
}

describe('a token that was rotated there', () => {
  it('is taken, and the old one revoked, but none that was made here', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const user = await legacy.hasUser({ id: 7, username: 'ann@example.org' });
    await legacy.hasToken(KEY, user);
    await apply(app, legacy);
    const made = await app.call('POST', '/api/v1/user/7/token/', { label: 'imported' });
    const short = await app.call('POST', '/api/v1/user/token/', { email: 'ann@example.org' });
    const own = [made.body.token as string, short.body.token as string];
    await legacy.query('DELETE FROM authtoken_token');
    await legacy.hasToken(NEW_KEY, user);

    const would = await look(app, legacy);
    const stillValid = await statusWith(app, KEY);
    const { token } = await apply(app, legacy);

    expect(would.token.removed.rows).toMatchObject([{ id: '7', name: 'of ann@example.org' }]);
    expect(stillValid).toBe(200);
    expect([token.added.count, token.removed.count]).toEqual([1, 1]);
    await expect.poll(() => statusWith(app, KEY), { timeout: 5000 }).toBe(401);
    expect(await Promise.all([NEW_KEY, ...own].map((key) => statusWith(app, key)))).toEqual([200, 200, 200]);
  });
});

describe('a user of the replaced service', () => {
  it.each([
    ['deactivated', 'UPDATE auth_user SET is_active = false WHERE id = 7'],
    ['deleted', 'DELETE FROM authtoken_token WHERE user_id = 7; DELETE FROM auth_user WHERE id = 7'],
  ])('that was %s there becomes inactive here, and keeps its schedules', async (_, sql) => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const user = await legacy.hasUser({ id: 7, username: 'ann@example.org' });
    await legacy.hasUser({ id: 8, username: 'bob@example.org' });
    await legacy.hasToken(KEY, user);
    const id = await legacy.hasSchedule({ ...HOURLY, created_by_id: user });
    await apply(app, legacy);
    if (sql.startsWith('DELETE')) await legacy.query('UPDATE scheduler_schedule SET created_by_id = NULL');
    await legacy.query(sql);

    const { user: users } = await apply(app, legacy);

    expect(users.changed.rows).toMatchObject([{ id: '7', changes: { is_active: { before: true, after: false } } }]);
    expect((await app.call('GET', '/api/v1/user/7/')).body).toMatchObject({ is_active: false });
    await expect.poll(() => statusWith(app, KEY), { timeout: 5000 }).toBe(401);
    expect((await app.call('POST', '/api/v1/user/token/', { email: 'ann@example.org' })).status).toBe(400);
    const schedule = await app.call('GET', `/api/v1/schedule/${id}/`);
    expect(schedule.body).toMatchObject({ enabled: true, created_by: `${app.url}/api/v1/user/7/` });
    expect((await apply(app, legacy)).user.changed.count).toBe(0);
  });

  it('is active again here when it is there, unless it was deactivated here', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasUser({ id: 7, username: 'ann@example.org', is_active: false });
    await legacy.hasUser({ id: 8, username: 'bob@example.org' });
    await apply(app, legacy);
    await app.call('PATCH', '/api/v1/user/8/', { is_active: false });
    await legacy.query('UPDATE auth_user SET is_active = true');

    const { user } = await apply(app, legacy);

    expect(user.changed.rows).toMatchObject([{ id: '7', changes: { is_active: { before: false, after: true } } }]);
    expect(user.conflicts.rows).toMatchObject([{ id: '8', note: 'was changed here' }]);
    const states = await app.database.query('SELECT id, is_active FROM users WHERE id > 1 ORDER BY id');
    expect(states).toEqual([
      { id: 7, is_active: true },
      { id: 8, is_active: false },
    ]);
  });

  it('that is the last active admin here stays one', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasUser({ id: 7, username: 'ann@example.org', is_superuser: true });
    await apply(app, legacy);
    await app.database.query('UPDATE users SET is_active = false WHERE id = 1');
    await legacy.query('UPDATE auth_user SET is_active = false');
    expect((await apply(app, legacy)).user.conflicts.rows).toMatchObject([{ note: 'is the last active admin here' }]);
    const users = await app.database.query('SELECT is_admin, is_active FROM users WHERE id = 7');
    expect(users).toEqual([{ is_admin: true, is_active: true }]);
  });

  it('is known by its id: an address that is added later moves no schedules', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const [ann, bob] = [
      await legacy.hasUser({ id: 7, username: 'ann' }),
      await legacy.hasUser({ id: 8, username: 'bob' }),
    ];
    const [hers, his] = [
      await legacy.hasSchedule({ ...HOURLY, created_by_id: ann }),
      await legacy.hasSchedule({ ...HOURLY, created_by_id: bob }),
    ];
    await apply(app, legacy);
    // What one of them is known by here becomes the name of the other.
    await legacy.query(`UPDATE auth_user SET username = 'bob2' WHERE id = 8`);
    await legacy.query(`UPDATE auth_user SET username = 'bob' WHERE id = 7`);

    const { user } = await apply(app, legacy);

    expect(user.added.count).toBe(0);
    const owners = await app.database.query('SELECT id, created_by FROM schedules ORDER BY created_by');
    expect(owners).toEqual([
      { id: hers, created_by: 7 },
      { id: his, created_by: 8 },
    ]);
    expect(user.changed.rows).toMatchObject([{ id: '8', changes: { email: { before: 'bob', after: 'bob2' } } }]);
  });

  it('is not taken for one that was imported before and has the same address', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasUser({ id: 7, username: 'ann', email: 'team@example.org' });
    await apply(app, legacy);
    await legacy.query('UPDATE auth_user SET email = $1', ['']);
    const bob = await legacy.hasUser({ id: 8, username: 'bob', email: 'team@example.org' });
    await legacy.hasToken(KEY, bob);
    await apply(app, legacy);
    const users = await app.database.query('SELECT id, email FROM users WHERE id > 1 ORDER BY id');
    expect(users).toEqual([
      { id: 7, email: 'ann' },
      { id: 8, email: 'bob' },
    ]);
  });

  it('that differs from another by case only is a user of its own, and so told', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasToken(KEY, await legacy.hasUser({ id: 7, username: 'Ann@Example.org' }));
    await legacy.hasToken(NEW_KEY, await legacy.hasUser({ id: 8, username: 'ann@example.org' }));

    const { user, token } = await apply(app, legacy);

    expect(user.added.rows.map(({ note }) => note)).toEqual([
      'differs from ann@example.org by case only: known here as ann@example.org#7',
      'differs from Ann@Example.org by case only: known here as ann@example.org',
    ]);
    expect(token.added.count).toBe(2);
    const of = async (key: string) => {
      const made = await app.call(
        'POST',
        '/api/v1/schedule/',
        { endpoint: 'http://127.0.0.1:9/', ...HOURLY },
        {
          authorization: `Token ${key}`,
        },
      );
      return made.body.created_by as string;
    };
    expect([await of(KEY), await of(NEW_KEY)]).toEqual([`${app.url}/api/v1/user/7/`, `${app.url}/api/v1/user/8/`]);
  });
});

describe('a frequency, which was not enforced there,', () => {
  async function spent(how: Partial<ImportOptions>, use: (app: TestApp, legacy: LegacyService, id: string) => unknown) {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const id = await legacy.hasSchedule({ ...HOURLY, frequency: 2, triggered: 5 });
    await apply(app, legacy, how);
    await use(app, legacy, id);
  }

  it('has to be decided about before anything is written', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasUser({ id: 7, username: 'ann' });
    await legacy.hasSchedule({ ...HOURLY, frequency: 2, enabled: false });
    await apply(app, legacy, { frequency: null });
    await legacy.hasSchedule({ ...HOURLY, frequency: 2 });

    const { schedule } = await look(app, legacy, { frequency: null });

    expect(schedule.added.rows).toMatchObject([
      { note: 'frequency 2 was not enforced there: --keep-frequency or --drop-frequency decides' },
    ]);
    await expect(apply(app, legacy, { frequency: null })).rejects.toThrow(
      /^1 enabled schedules .* --keep-frequency .* --drop-frequency/,
    );
    expect(await ids(app)).toHaveLength(1);
  });

  it('ends a schedule when it is kept', () =>
    spent({ frequency: 'keep' }, async (app, _, id) => {
      const { body } = await app.call('GET', `/api/v1/schedule/${id}/`);
      expect(body).toMatchObject({ frequency: 2, triggered: 5, enabled: false });
    }));

  it('ends nothing when it is dropped, and stays dropped for who only looks', () =>
    spent({ frequency: 'drop' }, async (app, legacy, id) => {
      const { body } = await app.call('GET', `/api/v1/schedule/${id}/`);
      expect(body).toMatchObject({ frequency: null, triggered: 5, enabled: true });
      expect((await look(app, legacy, { frequency: null })).schedule.unchanged).toBe(1);
      expect((await look(app, legacy, { frequency: 'keep' })).schedule.changed.count).toBe(1);
    }));
});

describe('a row that ran there and is refused here', () => {
  const FINE = { endpoint: 'http://127.0.0.1:9/hook' };

  it('is told with a replacement, taken by it when asked to, and then found unchanged', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const year = await legacy.hasSchedule({ ...FINE, cron_definition: '0 0 1 1 * 2030' });
    const plus = await legacy.hasSchedule({ ...FINE, interval_definition: '+1 minutes' });
    const both = await legacy.hasSchedule({ ...FINE, ...HOURLY, cron_definition: '@daily' });
    const never = await legacy.hasSchedule({ ...FINE, cron_definition: '0 0 L * *' });

    const would = await look(app, legacy);
    const { schedule } = await apply(app, legacy, { isTakingProposals: true });

    const notes = new Map(would.schedule.refused.rows.map(({ id, note }) => [id, note]));
    expect(notes.get(year)).toMatch(/^cron_definition: a sixth field .*; proposed: cron_definition "0 0 1 1 \*"$/);
    expect(notes.get(plus)).toMatch(/; proposed: interval_definition "1 minutes"$/);
    expect(notes.get(both)).toMatch(/; proposed: two schedules, since it ran by both: /);
    expect(notes.get(never)).toMatch(/; never ran there either$/);
    expect(schedule.refused.rows.map(({ id }) => id)).toEqual([never]);
    expect(schedule.added.rows.map(({ id, name }) => [id, name])).toEqual(
      expect.arrayContaining([
        [year, '0 0 1 1 *'],
        [plus, 'every 1 minutes'],
        [both, '@daily'],
        [secondId(both), 'every 1 hours'],
      ]),
    );
    const again = await apply(app, legacy, { isPruning: true });
    expect([again.schedule.unchanged, again.schedule.removed.count, again.schedule.gone.count]).toEqual([4, 0, 0]);
  });

  it('is not taken by a replacement without being asked, when it was edited there after it was taken as it was', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const id = await legacy.hasSchedule({ ...FINE, ...HOURLY });
    await apply(app, legacy);
    await legacy.query(`UPDATE scheduler_schedule SET cron_definition = '@daily'`);

    const { schedule } = await apply(app, legacy);
    const asked = await apply(app, legacy, { isTakingProposals: true });

    expect([schedule.added.count, schedule.changed.count]).toEqual([0, 0]);
    expect(schedule.refused.rows).toMatchObject([{ id, note: expect.stringContaining('; proposed: two schedules') }]);
    expect([asked.schedule.added.rows, asked.schedule.changed.rows]).toMatchObject([[{ id: secondId(id) }], [{ id }]]);
    expect((await apply(app, legacy)).schedule.unchanged).toBe(2);
  });

  it('that was taken by a replacement and changed here since is a conflict', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const id = await legacy.hasSchedule({ ...FINE, interval_definition: '+1 minutes' });
    await apply(app, legacy, { isTakingProposals: true });
    await app.call('PATCH', `/api/v1/schedule/${id}/`, HOURLY);
    const { schedule } = await apply(app, legacy);
    expect(schedule.conflicts.rows).toMatchObject([{ id, note: 'was changed here' }]);
  });

  it('is told with a replacement, and not taken by it, where another fault stays', async () => {
    await using app = await startApp({ ROLES: 'api', EGRESS_ALLOW: '' });
    await using legacy = await startLegacyService();
    await legacy.hasSchedule({ ...FINE, interval_definition: '+1 minutes' });
    await legacy.hasSchedule({ ...FINE, ...HOURLY });
    const { schedule } = await apply(app, legacy, { isTakingProposals: true });
    expect(schedule.added.count).toBe(0);
    expect(schedule.refused.rows.map(({ note }) => note).sort()).toEqual([
      'endpoint: This address is not permitted.',
      expect.stringMatching(/; endpoint: This address is not permitted\.; proposed: interval_definition "1 minutes"$/),
    ]);
  });

  it.each([
    ['cron_definition', '0 0 * * 7'],
    ['cron_definition', '0 0 1 jan *'],
    ['interval_definition', '1 hour'],
  ])('or the other way round: %s %j never ran there and is noted', async (field, text) => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasSchedule({ ...FINE, [field]: text });
    await legacy.hasSchedule({ ...FINE, ...HOURLY });
    const { schedule } = await look(app, legacy);
    expect(schedule.added.rows.map(({ note }) => note)).toEqual([
      'never ran there, because its definition could not be read; runs here',
      undefined,
    ]);
  });
});

describe('what an import takes of runs', () => {
  it('is their number and the last one, of which the later stays', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const id = await legacy.hasSchedule({ ...HOURLY, triggered: 3, last_run: '2026-01-02T03:04:05.678Z' });
    await apply(app, legacy);
    const here = await app.call('GET', `/api/v1/schedule/${id}/`);
    await app.database.query(`UPDATE schedules SET last_run = '2026-01-03T00:00:00Z', triggered = 4`);
    await legacy.query(`UPDATE scheduler_schedule SET last_run = '2026-01-02T12:00:00Z'`);
    const unchanged = await apply(app, legacy);
    await legacy.query(`UPDATE scheduler_schedule SET last_run = '2026-01-04T00:00:00Z'`);
    const changed = await apply(app, legacy);
    expect(here.body).toMatchObject({ triggered: 3, last_run: '2026-01-02T03:04:05.678Z' });
    expect(unchanged.schedule.unchanged).toBe(1);
    expect(changed.schedule.changed.count).toBe(1);
    expect((await app.call('GET', `/api/v1/schedule/${id}/`)).body).toMatchObject({
      triggered: 4,
      last_run: '2026-01-04T00:00:00.000Z',
    });
  });
});

describe('what users see after an import', () => {
  it('is said for each before and after: with their groups, as admins, and of schedules without a creator', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const [ann, bob, carl, root] = [
      await legacy.hasUser({ id: 7, username: 'ann' }),
      await legacy.hasUser({ id: 8, username: 'bob' }),
      await legacy.hasUser({ id: 9, username: 'carl' }),
      await legacy.hasUser({ id: 10, username: 'root', is_staff: true }),
    ];
    await legacy.hasUser({ id: 11, username: 'off', is_active: false });
    await legacy.hasGroup('Editors', [ann, bob]);
    for (const [owner, count] of [
      [ann, 1],
      [bob, 2],
      [carl, 4],
      [null, 8],
    ] as const) {
      for (let i = 0; i < count; i++) await legacy.hasSchedule({ ...HOURLY, created_by_id: owner });
    }
    await legacy.hasSchedule({ interval_definition: '1 fortnights', created_by_id: ann });
    await legacy.hasToken(KEY, ann);

    const before = await report(app, legacy);
    await apply(app, legacy);
    const after = await report(app, legacy);

    expect(before).toMatchObject({ taken: 15, ownerless: 8, survey: { schedules: 16, failedTasks: 0, webhooks: 0 } });
    const seen = [
      { id: '7', user: 'ann', there: 16, group: 3 },
      { id: '8', user: 'bob', there: 16, group: 3 },
      { id: '9', user: 'carl', there: 16, group: 4 },
      { id: '10', user: 'root', there: 16, group: 15 },
    ];
    expect([before.visible, after.visible]).toEqual([seen, seen]);
    const list = await app.call('GET', '/api/v1/schedule/', undefined, { authorization: `Token ${KEY}` });
    expect(list.body.count).toBe(3);
    expect(root).toBe(10);
  });

  it('takes in schedules without a creator, once they are given to a user', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    await legacy.hasUser({ id: 7, username: 'ann@example.org' });
    const id = await legacy.hasSchedule(HOURLY);
    const giving = { ownerOfOwnerless: 'Ann@example.org' };
    await legacy.hasUser({ id: 8, username: 'bob', is_active: false });
    await expect(apply(app, legacy, { ownerOfOwnerless: 'x@example.org' })).rejects.toThrow(/^no user is known as/);
    await expect(apply(app, legacy, { ownerOfOwnerless: 'bob' })).rejects.toThrow(/^the user bob is not active/);
    expect(await app.database.query('SELECT id FROM users WHERE id = 7')).toEqual([]);

    const would = await report(app, legacy, giving);
    await apply(app, legacy, giving);

    expect(would).toMatchObject({ ownerless: 0, visible: [{ user: 'ann@example.org', group: 1 }] });
    const { body } = await app.call('GET', `/api/v1/schedule/${id}/`);
    expect(body.created_by).toBe(`${app.url}/api/v1/user/7/`);
    expect((await look(app, legacy)).schedule.unchanged).toBe(1);
    await expect(look(app, legacy, { ownerOfOwnerless: 'bob' })).rejects.toThrow(/^the user bob is not active/);
  });

  it('goes with a count of failed tasks and webhooks, where their tables may be read', async () => {
    await using app = await startApp(API_ONLY);
    await using legacy = await startLegacyService();
    const user = await legacy.hasUser({ id: 7, username: 'ann' });
    const id = await legacy.hasSchedule(HOURLY);
    await legacy.query(
      `INSERT INTO scheduler_schedulefailure (schedule_id, task_id, initiated_at, reason)
       SELECT $1, gen_random_uuid(), now(), '' FROM generate_series(1, 3)`,
      [id],
    );
    await legacy.query(
      `INSERT INTO rest_hooks_hook (created, updated, event, target, user_id) VALUES (now(), now(), 'schedule.added', '', $1)`,
      [user],
    );
    expect((await report(app, legacy)).survey).toMatchObject({ failedTasks: 3, webhooks: 1 });
    await legacy.query('DROP TABLE scheduler_schedulefailure, rest_hooks_hook');
    expect((await report(app, legacy)).survey).toMatchObject({ failedTasks: null, webhooks: null });
  });
});
