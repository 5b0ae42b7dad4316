import { describe, expect, it } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.js';
import { type Differences, KINDS } from '../../src/legacy/difference.js';
import { LegacyImport } from '../../src/legacy/legacy-import.js';
import { startApp, type TestApp } from '../support/app.js';
import { type LegacyService, startLegacyService } from '../support/legacy-service.js';

const KEY = 'c05fbab6d5f912429052830c77eeb022249324cb';
const API_ONLY = { ROLES: 'api' };
const HOURLY = { interval_definition: '1 hours' };

interface How {
  isApplying?: boolean;
  isOverwriting?: boolean;
  schema?: string | null;
}

function look(app: TestApp, legacy: LegacyService, how: How = {}): Promise<Differences> {
  return app.nest.get(LegacyImport).run(legacy.url, { isApplying: false, isOverwriting: false, schema: null, ...how });
}

async function apply(app: TestApp, legacy: LegacyService, how: How = {}): Promise<Differences> {
  const differences = await look(app, legacy, { isApplying: true, ...how });
  await app.nest.get(AuditLog).record({ actor: { kind: 'cli' }, action: 'import', target: { kind: 'import' } });
  return differences;
}

/** Numbers of added, changed, unchanged, left out, conflicts, refused; of kinds that have any. */
function counts(differences: Differences): Record<string, number[]> {
  const all = KINDS.map((kind): [string, number[]] => {
    const { added, changed, unchanged, leftOut, conflicts, refused } = differences[kind];
    return [kind, [added.length, changed.length, unchanged, leftOut.length, conflicts.length, refused.length]];
  });
  return Object.fromEntries(all.filter(([, numbers]) => numbers.some((number) => number > 0)));
}

/** All that an import may write to, to the last digit. */
async function everything({ database }: TestApp): Promise<unknown> {
  const tables = ['users', 'groups', 'user_groups', 'tokens', 'schedules', 'triggers', 'origins', 'audit_log'];
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

    expect(user.added.map(({ note }) => note)).toEqual(['its id is taken here: it gets another one', undefined]);
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
    expect(token.leftOut).toMatchObject([{ id: '7', name: 'of ann' }]);
    expect(await app.database.query('SELECT is_admin FROM users WHERE id = 7')).toEqual([{ is_admin: false }]);
    const reply = await app.call('GET', '/api/v1/schedule/', undefined, { authorization: `Token ${KEY}` });
    expect(reply.status).toBe(401);
  });
});
