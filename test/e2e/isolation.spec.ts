import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { aGroup, aPerson, failOnce, type Person, withToken } from '../support/people.js';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const UNKNOWN_NUMBER = '2000000000';

/**
 * Every route of the API, and who may do what with it. A new route needs a row:
 *
 * - `public`: needs no token, and shows nothing that belongs to a user
 * - `everyone`: answers every user alike, and changes nothing that is anybody's
 * - `admins`: 403 for everyone else
 * - `schedules`, `failed tasks`: shows those in scope and nothing of the others
 * - `a schedule`, `a failed task`: one that is out of scope is not there
 * - `itself`: has a test of its own below
 */
const ROUTES: Record<
  string,
  | 'public'
  | 'everyone'
  | 'admins'
  | 'its own'
  | 'schedules'
  | 'failed tasks'
  | 'a schedule'
  | 'a failed task'
  | 'itself'
> = {
  'GET /api/v1/schedule': 'schedules',
  'POST /api/v1/schedule': 'itself',
  'GET /api/v1/schedule/{id}': 'a schedule',
  'PUT /api/v1/schedule/{id}': 'a schedule',
  'PATCH /api/v1/schedule/{id}': 'a schedule',
  'DELETE /api/v1/schedule/{id}': 'a schedule',
  'GET /api/v1/schedule/{id}/deliveries': 'a schedule',
  'GET /api/v1/failed-tasks': 'failed tasks',
  'POST /api/v1/failed-tasks': 'itself',
  'GET /api/v1/failed-tasks/{id}': 'a failed task',
  'POST /api/v1/failed-tasks/{id}/requeue': 'a failed task',
  'GET /api/v1/origins': 'admins',
  'GET /api/v1/audit': 'admins',
  'GET /api/v1/user': 'everyone',
  'GET /api/v1/user/{id}': 'everyone',
  'GET /api/v1/user/{id}/token': 'its own',
  'POST /api/v1/user/{id}/token': 'its own',
  'DELETE /api/v1/user/{id}/token': 'its own',
  'DELETE /api/v1/user/{id}/token/{tokenId}': 'its own',
  'GET /api/v1/user/{id}/signing-secret': 'its own',
  'POST /api/v1/user/{id}/signing-secret': 'its own',
  'DELETE /api/v1/user/{id}/signing-secret': 'its own',
  'DELETE /api/v1/user/{id}/signing-secret/previous': 'its own',
  'PUT /api/v1/user/{id}': 'admins',
  'PATCH /api/v1/user/{id}': 'admins',
  'POST /api/v1/user/token': 'admins',
  'GET /api/v1/group': 'everyone',
  'GET /api/v1/group/{id}': 'everyone',
  'POST /api/v1/group': 'admins',
  'PUT /api/v1/group/{id}': 'admins',
  'DELETE /api/v1/group/{id}': 'admins',
  'GET /api/metrics': 'everyone',
  'POST /api/metrics': 'everyone',
  'GET /api/health': 'everyone',
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /metrics': 'public',
};

const routesThat = (access: string) =>
  Object.entries(ROUTES)
    .filter(([, its]) => its === access)
    .map(([route]) => route.split(' ') as [string, string]);

/** What a route that writes needs; the same for all. */
const BODY = {
  interval_definition: '5 minutes',
  endpoint: 'http://127.0.0.1:9/stolen',
  name: 'N',
  groups: [],
  email: 'e@x.org',
};

function callOf(person: Person, [method, path]: [string, string], id: number | string) {
  return person.call(method, path.replace('{id}', String(id)), method === 'GET' ? undefined : BODY);
}

let app: TestApp;
let redGroup: string;
/** ann and carl are in the red group, bob in the blue one, dora in none. */
let ann: Person, bob: Person, carl: Person, dora: Person, admin: Person;
let everybody: Record<string, Person>;

/** Whose schedules each of them may see. */
const mayBeSeenBy = (name: string) =>
  new Set(
    ({ ann: [ann, carl], carl: [ann, carl], bob: [bob], dora: [dora] } as Record<string, Person[]>)[name].map(
      ({ url }) => url,
    ),
  );
const USERS = ['ann', 'bob', 'carl', 'dora'] as const;

beforeAll(async () => {
  app = await startApp({ ROLES: 'api' });
  redGroup = await aGroup(app, 'red');
  const blueGroup = await aGroup(app, 'blue');
  ann = await aPerson(app, 'ann', [redGroup]);
  bob = await aPerson(app, 'bob', [blueGroup]);
  carl = await aPerson(app, 'carl', [redGroup]);
  dora = await aPerson(app, 'dora');
  admin = withToken(app, 1, ADMIN_TOKEN);
  everybody = { ann, bob, carl, dora };
  const kinds = [{}, { enabled: false }, { frequency: 44 }, { catch_up: 'all', overlap: 'skip' }];
  // In turns, so that no page is one owner's.
  for (const kind of kinds) {
    for (const person of [ann, bob, carl, dora, admin]) {
      const { id } = await person.creates({ ...kind, interval_definition: '1 days' });
      await failOnce(app, id as string);
      await failOnce(app, id as string, new Date(0));
    }
  }
  const { id } = await ann.creates({ frequency: 44 });
  await failOnce(app, id as string);
  await app.database.query('UPDATE schedules SET created_by = NULL WHERE id = $1', [id]);
});

afterAll(() => app[Symbol.asyncDispose]());

describe('the table of routes', () => {
  it('has a row for each route that there is', async () => {
    const { paths } = (await admin.call('GET', '/docs-json')).body as { paths: Record<string, object> };
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );

    expect(documented.sort()).toEqual(Object.keys(ROUTES).sort());
  });
});

describe.each(routesThat('its own'))('%s %s', (method, path) => {
  it('answers for another user exactly as for one that there is not, to members of its groups too', async () => {
    const [token] = await app.database.query<{ id: number }>('SELECT id FROM tokens WHERE user_id = $1', [ann.id]);
    const route: [string, string] = [method, path.replace('{tokenId}', String(token?.id))];
    for (const stranger of [bob, carl, dora]) {
      const unknown = await callOf(stranger, route, 999_999);
      expect(unknown).toMatchObject({ status: 404, text: '{"detail":"Not found."}' });
      const foreign = await callOf(stranger, route, ann.id);
      expect([foreign.status, foreign.text]).toEqual([unknown.status, unknown.text]);
    }
  });
});

describe.each(routesThat('a schedule'))('%s %s', (method, path) => {
  it('answers for a schedule of somebody else exactly as for one that there is not, and leaves it alone', async () => {
    const { id } = await ann.creates();
    const orphan = await ann.creates();
    await app.database.query('UPDATE schedules SET created_by = NULL WHERE id = $1', [orphan.id]);
    for (const stranger of [bob, dora]) {
      const unknown = await callOf(stranger, [method, path], UNKNOWN_ID);
      expect(unknown).toMatchObject({ status: 404, text: '{"detail":"Not found."}' });
      for (const foreign of [id, (id as string).replaceAll('-', ''), orphan.id]) {
        const reply = await callOf(stranger, [method, path], foreign as string);
        expect([reply.status, reply.text]).toEqual([unknown.status, unknown.text]);
      }
    }
    const [row] = await app.database.query('SELECT endpoint, updated_by FROM schedules WHERE id = $1', [id]);
    expect(row).toEqual({ endpoint: 'http://127.0.0.1:9/unused', updated_by: ann.id });
  });

  it('does what it is for for the owner, for who shares a group with the owner, and for admins', async () => {
    for (const person of [ann, carl, admin]) {
      const { id } = await ann.creates();
      expect((await callOf(person, [method, path], id as string)).status).toBeLessThan(300);
    }
  });
});

describe.each(routesThat('a failed task'))('%s %s', (method, path) => {
  const requeued = async (id: number) =>
    (await app.database.query('SELECT FROM failed_tasks WHERE id = $1', [id])).length === 0;

  it('answers for a failed task of somebody else exactly as for one that there is not, and leaves it alone', async () => {
    const id = await failOnce(app, (await ann.creates()).id as string);
    const orphan = await failOnce(app, UNKNOWN_ID, new Date());
    for (const stranger of [bob, dora]) {
      const unknown = await callOf(stranger, [method, path], UNKNOWN_NUMBER);
      expect(unknown).toMatchObject({ status: 404, text: '{"detail":"Not found."}' });
      for (const foreign of [id, orphan]) {
        const reply = await callOf(stranger, [method, path], foreign);
        expect([reply.status, reply.text]).toEqual([unknown.status, unknown.text]);
      }
    }
    expect(await requeued(id)).toBe(false);
    await app.database.query('DELETE FROM failed_tasks WHERE id = $1', [orphan]);
  });

  it('does what it is for for the owner, for who shares a group with the owner, and for admins', async () => {
    for (const person of [ann, carl, admin]) {
      const id = await failOnce(app, (await ann.creates()).id as string);
      expect((await callOf(person, [method, path], id)).status).toBeLessThan(300);
      expect(await requeued(id)).toBe(method === 'POST');
    }
  });
});

/** All pages of a list, as the person sees it; the count of each page is that of the whole. */
async function pagesOf(person: Person, path: string): Promise<{ id: string; created_by: string; schedule: string }[]> {
  const seen: { id: string; created_by: string; schedule: string }[] = [];
  const counts = new Set<number>();
  let next: string | null = path;
  while (next) {
    const { body } = await person.call('GET', next);
    seen.push(...body.results);
    counts.add(body.count as number);
    next = body.next && (body.next as string).replace(app.url, '');
  }
  expect([...counts]).toEqual([seen.length]);
  return seen;
}

describe.each(USERS)('lists, as %s sees them,', (name) => {
  const ids = (items: { id: string }[]) => items.map(({ id }) => id);

  it.each([
    '',
    'enabled=true',
    'enabled=false',
    'frequency=44',
    'triggered=0',
    'endpoint=http%3A%2F%2F127.0.0.1%3A9%2Funused',
    'interval_definition=1%20days',
    'catch_up=all',
    'overlap=skip&enabled=true',
  ])('show and count the schedules of visible owners and no others, page by page: ?%s', async (query) => {
    const owners = mayBeSeenBy(name);
    const all = await pagesOf(admin, `/api/v1/schedule/?${query}`);
    const visible = all.filter(({ created_by }) => owners.has(created_by));
    expect(visible.length).toBeGreaterThan(0);
    expect(visible.length).toBeLessThan(all.length);

    for (const limit of [1, 2, 1000]) {
      const seen = await pagesOf(everybody[name], `/api/v1/schedule/?${query}&limit=${limit}`);
      expect(ids(seen)).toEqual(ids(visible));
    }
    const beyond = (await everybody[name].call('GET', `/api/v1/schedule/?${query}&offset=1000`)).body;
    expect(beyond).toMatchObject({ count: visible.length, results: [] });
  });

  it('show and count the failed tasks of their schedules and no others, page by page', async () => {
    const schedules = new Set((await pagesOf(everybody[name], '/api/v1/schedule/')).map(({ id }) => id));
    const all = await pagesOf(admin, '/api/v1/failed-tasks/');
    const visible = all.filter(({ schedule }) => schedules.has(schedule.split('/').at(-2)!));
    expect(visible.length).toBeGreaterThan(0);
    expect(visible.length).toBeLessThan(all.length);

    for (const limit of [1, 3, 1000]) {
      expect(await pagesOf(everybody[name], `/api/v1/failed-tasks/?limit=${limit}`)).toEqual(visible);
    }
  });
});

describe('lists, as admins see them,', () => {
  it('show everything, also what has no owner any more', async () => {
    const [counts] = await app.database.query(
      'SELECT (SELECT count(*)::int FROM schedules) AS schedules, (SELECT count(*)::int FROM failed_tasks) AS tasks',
    );
    const schedules = await pagesOf(admin, '/api/v1/schedule/?limit=7');
    expect(schedules.some(({ created_by }) => created_by === null)).toBe(true);
    expect({
      schedules: schedules.length,
      tasks: (await pagesOf(admin, '/api/v1/failed-tasks/?limit=7')).length,
    }).toEqual(counts);
  });
});

describe('a schedule', () => {
  it('is of who creates it, whatever the request says', async () => {
    const made = await dora.creates({ created_by: ann.url, updated_by: ann.url, id: UNKNOWN_ID });
    expect(made).toMatchObject({ created_by: dora.url, updated_by: dora.url });
    const put = await dora.call('PUT', `/api/v1/schedule/${made.id}/`, { created_by: ann.url, payload: 1 });
    expect(put.body.created_by).toBe(dora.url);
    expect((await ann.call('GET', `/api/v1/schedule/${made.id}/`)).status).toBe(404);
  });

  it('stays its owner’s when somebody of the same group changes it', async () => {
    const { id } = await ann.creates();
    const changed = await carl.call('PATCH', `/api/v1/schedule/${id}/`, { payload: { of: 'carl' } });
    expect(changed.body).toMatchObject({ created_by: ann.url, updated_by: carl.url });
  });
});

describe('requeueing all', () => {
  it('requeues what the caller sees and leaves the rest', async () => {
    const before = await pagesOf(admin, '/api/v1/failed-tasks/');
    const his = await pagesOf(bob, '/api/v1/failed-tasks/');
    expect(his.length).toBeGreaterThan(0);

    expect(await bob.call('POST', '/api/v1/failed-tasks/', {})).toMatchObject({
      status: 201,
      body: { requeued_failed_tasks: true },
    });

    const hisIds = new Set(his.map(({ id }) => id));
    expect(await pagesOf(bob, '/api/v1/failed-tasks/')).toEqual([]);
    expect(await pagesOf(admin, '/api/v1/failed-tasks/')).toEqual(before.filter(({ id }) => !hisIds.has(id)));
    const queued = await app.database.query<{ created_by: number }>(
      'SELECT DISTINCT s.created_by FROM deliveries d JOIN schedules s ON s.id = d.schedule_id WHERE d.scheduled_for = $1',
      [new Date(0)],
    );
    expect(queued).toEqual([{ created_by: bob.id }]);
  });
});

describe.each(routesThat('admins'))('%s %s', (method, path) => {
  it('is for admins', async () => {
    const [, group] = /(\d+)\/$/.exec(redGroup)!;
    const id = path.includes('group') ? group : ann.id;
    for (const person of [ann, dora]) {
      expect(await callOf(person, [method, path], id)).toMatchObject({
        status: 403,
        body: { detail: 'You do not have permission to perform this action.' },
      });
    }
  });
});

describe.each(routesThat('everyone'))('%s %s', (method, path) => {
  it('answers everyone alike', async () => {
    const [, group] = /(\d+)\/$/.exec(redGroup)!;
    const id = path.includes('group') ? group : ann.id;
    const told = await callOf(admin, [method, path], id);
    expect(told.status).toBe(200);
    expect((await callOf(dora, [method, path], id)).body).toEqual(told.body);
  });
});

describe('membership of a group', () => {
  it('takes effect at the next request, and so does its end', async () => {
    const { id } = await ann.creates();
    const task = await failOnce(app, id as string);
    const erin = await aPerson(app, 'erin');
    const sees = async () => [
      (await erin.call('GET', `/api/v1/schedule/${id}/`)).status,
      (await erin.call('GET', `/api/v1/failed-tasks/${task}/`)).status,
      (await erin.call('GET', '/api/v1/schedule/?limit=1')).body.count > 0,
      (await erin.call('GET', '/api/v1/failed-tasks/?limit=1')).body.count > 0,
    ];
    const nothing = [404, 404, false, false];
    expect(await sees()).toEqual(nothing);

    await app.call('PUT', `/api/v1/user/${erin.id}/`, { groups: [redGroup] });
    expect(await sees()).toEqual([200, 200, true, true]);
    await app.call('PUT', `/api/v1/user/${erin.id}/`, { groups: [] });
    expect(await sees()).toEqual(nothing);

    const passing = await aGroup(app, 'passing');
    await app.call('PUT', `/api/v1/user/${erin.id}/`, { groups: [passing, redGroup] });
    await app.call('PUT', `/api/v1/user/${ann.id}/`, { groups: [passing, redGroup] });
    // Shared twice, listed once.
    const mine = await pagesOf(erin, '/api/v1/schedule/');
    expect(new Set(mine.map((schedule) => schedule.id)).size).toBe(mine.length);
    await app.call('PUT', `/api/v1/user/${erin.id}/`, { groups: [passing] });
    expect(await sees()).toEqual([200, 200, true, true]);
    await app.call('DELETE', passing.replace(app.url, ''));
    expect(await sees()).toEqual(nothing);
  });
});

describe('SCHEDULE_VISIBILITY=all', () => {
  it('lets everyone see and change everything, and leaves users and groups to admins', async () => {
    await using open = await startApp({ ROLES: 'api', SCHEDULE_VISIBILITY: 'all' });
    const [fred, gina] = [await aPerson(open, 'fred'), await aPerson(open, 'gina')];
    const { id } = await fred.creates();
    const task = await failOnce(open, id as string);

    expect((await gina.call('GET', '/api/v1/schedule/')).body).toMatchObject({ count: 1, results: [{ id }] });
    expect((await gina.call('GET', `/api/v1/schedule/${id}/deliveries/`)).body.count).toBe(1);
    expect((await gina.call('GET', '/api/v1/failed-tasks/')).body).toMatchObject({ count: 1, results: [{ id: task }] });
    const changed = await gina.call('PATCH', `/api/v1/schedule/${id}/`, { enabled: false });
    expect(changed.body).toMatchObject({ enabled: false, created_by: fred.url, updated_by: gina.url });
    expect((await gina.call('POST', `/api/v1/failed-tasks/${task}/requeue/`)).status).toBe(201);
    expect((await gina.call('DELETE', `/api/v1/schedule/${id}/`)).status).toBe(204);
    expect((await gina.call('POST', '/api/v1/group/', { name: 'mine' })).status).toBe(403);
    expect((await gina.call('GET', '/api/v1/origins/')).status).toBe(403);
  });
});
