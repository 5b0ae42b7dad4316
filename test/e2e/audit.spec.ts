import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, aSchedule, startApp, type TestApp } from '../support/app.js';

const DAILY = aSchedule({ cron_definition: '7 7 * * *', interval_definition: null });
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let app: TestApp;
let bob: { authorization: string };

beforeAll(async () => {
  app = await startApp({ ROLES: 'api', TRUST_PROXY: '127.0.0.1' });
  const { body } = await app.call('POST', '/api/v1/user/token/', { email: 'Bob@example.org' });
  bob = { authorization: `Token ${body.token}` };
});

afterAll(() => app[Symbol.asyncDispose]());

interface Change {
  body?: object;
  /** makes what is changed, and puts it into the path */
  path?: () => Promise<string>;
  records: { target?: unknown; [field: string]: unknown };
}

const groupPath = async () => {
  const { body } = await app.call('POST', '/api/v1/group/', { name: randomUUID() });
  return `/api/v1/group/${body.id}/`;
};
const schedulePath = async () => `/api/v1/schedule/${(await app.creates(DAILY)).id}/`;
const failedTaskPath = async () => {
  const { id } = await app.creates(DAILY);
  const [task] = await app.database.query<{ id: number }>(
    `INSERT INTO failed_tasks (schedule_id, scheduled_for, attempts, failed_at) VALUES ($1, now(), 6, now()) RETURNING id`,
    [id],
  );
  return `/api/v1/failed-tasks/${task?.id}/requeue/`;
};

const tokenPath = async () => {
  const { body } = await app.call('POST', '/api/v1/user/1/token/', {});
  return `/api/v1/user/1/token/${body.id}/`;
};
const userPath = async (email: string) => {
  await app.call('POST', '/api/v1/user/token/', { email });
  const [user] = await app.database.query<{ id: number }>('SELECT id FROM users WHERE email = $1', [email]);
  return `/api/v1/user/${user?.id}/`;
};
const rotatedSecretPath = async () => {
  const path = '/api/v1/user/1/signing-secret/';
  for (let secrets = 0; secrets < 2; secrets++) await app.call('POST', path, {});
  return `${path}previous/`;
};

// One for every route that changes something; what the API describes and this table lacks fails the test.
const CHANGES: Record<string, Change> = {
  'POST /api/v1/schedule': {
    body: { ...DAILY, auth_token: 'canary-token', payload: { canary: 'canary-payload' } },
    records: { action: 'schedule.create', fields: expect.arrayContaining(['auth_token', 'payload']) },
  },
  'PUT /api/v1/schedule/{id}': {
    path: schedulePath,
    body: { auth_token: 'canary-token', canary_field: 1 },
    records: { action: 'schedule.update', fields: ['auth_token'] },
  },
  'PATCH /api/v1/schedule/{id}': {
    path: schedulePath,
    body: { enabled: false },
    records: { action: 'schedule.disable', fields: ['enabled'] },
  },
  'DELETE /api/v1/schedule/{id}': { path: schedulePath, records: { action: 'schedule.delete', fields: [] } },
  'POST /api/v1/failed-tasks': { body: {}, records: { action: 'failed-task.requeue-all', target: { id: null } } },
  'POST /api/v1/failed-tasks/{id}/requeue': { path: failedTaskPath, records: { action: 'failed-task.requeue' } },
  'POST /api/v1/user/token': {
    body: { email: 'Carol@example.org' },
    records: { action: 'token.create', target: { kind: 'user', id: 'carol@example.org' }, fields: ['email'] },
  },
  'POST /api/v1/user/{id}/token': {
    path: async () => '/api/v1/user/1/token/',
    body: { label: 'canary-label' },
    records: {
      action: 'token.create',
      target: { kind: 'token', id: expect.stringMatching(/^1\/\d+$/) },
      fields: ['label'],
    },
  },
  'DELETE /api/v1/user/{id}/token/{tokenId}': {
    path: tokenPath,
    records: { action: 'token.revoke', target: { kind: 'token', id: expect.stringMatching(/^1\/\d+$/) } },
  },
  'DELETE /api/v1/user/{id}/token': {
    path: async () => `${await userPath('dan@example.org')}token/`,
    records: { action: 'token.revoke', target: { kind: 'user', id: expect.stringMatching(/^\d+$/) } },
  },
  'POST /api/v1/user/{id}/signing-secret': {
    path: async () => '/api/v1/user/1/signing-secret/',
    body: {},
    records: { action: 'signing-secret.create', target: { kind: 'user', id: '1' } },
  },
  'DELETE /api/v1/user/{id}/signing-secret/previous': {
    path: rotatedSecretPath,
    records: { action: 'signing-secret.retire', target: { kind: 'user', id: '1' } },
  },
  'DELETE /api/v1/user/{id}/signing-secret': {
    path: async () => '/api/v1/user/1/signing-secret/',
    records: { action: 'signing-secret.delete', target: { kind: 'user', id: '1' } },
  },
  'PUT /api/v1/user/{id}': {
    path: async () => '/api/v1/user/1/',
    body: { groups: [] },
    records: { action: 'user.update', target: { kind: 'user', id: '1' }, fields: ['groups'] },
  },
  'PATCH /api/v1/user/{id}': {
    path: async () => '/api/v1/user/1/',
    body: { groups: [] },
    records: { action: 'user.update' },
  },
  'POST /api/v1/group': { body: { name: 'Owners' }, records: { action: 'group.create', fields: ['name'] } },
  'PUT /api/v1/group/{id}': { path: groupPath, body: { name: 'Others' }, records: { action: 'group.update' } },
  'DELETE /api/v1/group/{id}': { path: groupPath, records: { action: 'group.delete' } },
  'POST /api/metrics': { body: {}, records: { action: 'metrics.push' } },
};

const latest = async () => (await app.call('GET', '/api/v1/audit/?limit=1')).body.results[0] as Record<string, unknown>;

describe('every route that changes something', () => {
  it('is in the table of examples', async () => {
    const { body } = await app.call('GET', '/docs-json');
    const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\/$/, '')}`),
    );
    expect(described.filter((route) => !/^(GET|HEAD|OPTIONS) /.test(route)).sort()).toEqual(
      Object.keys(CHANGES).sort(),
    );
  });

  it.each(Object.entries(CHANGES))('leaves a record by the time it is answered: %s', async (route, change) => {
    const [method = '', pattern = ''] = route.split(' ');
    const path = (await change.path?.()) ?? `${pattern}/`;
    const reply = await app.call(method, path, change.body, { 'x-forwarded-for': '203.0.113.7' });
    expect(reply.status).toBeLessThan(300);

    const record = await latest();

    expect(record).toMatchObject({
      ...{ actor: { kind: 'user', id: 1, email: 'admin@localhost' }, outcome: 'done', source: '203.0.113.7' },
      ...{ request_id: reply.headers.get('x-request-id') },
      ...change.records,
    });
    const id = /\/([\w-]{36}|\d+)\//.exec(path)?.[1] ?? reply.body?.id;
    if (id && !change.records.target) expect(record.target).toMatchObject({ id: String(id) });
  });

  it('leaves no record when it is refused for its input or finds nothing', async () => {
    const before = await latest();
    expect((await app.call('POST', '/api/v1/group/', {})).status).toBe(400);
    expect((await app.call('DELETE', `/api/v1/schedule/${randomUUID()}/`)).status).toBe(404);
    expect(await latest()).toEqual(before);
  });
});

describe('a change for which the rights do not suffice', () => {
  it('is recorded as denied, with who tried', async () => {
    const path = await groupPath();
    const reply = await app.call('PUT', path, { name: 'canary-name' }, { ...bob, 'x-request-id': 'bob-1' });
    expect(reply.status).toBe(403);

    expect(await latest()).toMatchObject({
      ...{ actor: { email: 'bob@example.org' }, action: 'group.update', outcome: 'denied', request_id: 'bob-1' },
      ...{ target: { kind: 'group', id: /\d+/.exec(path.slice(12))?.[0] }, fields: [] },
    });
  });

  it('is answered with 403 whatever stands in its path', async () => {
    expect((await app.call('DELETE', '/api/v1/group/no-id/', undefined, bob)).status).toBe(403);
    expect(await latest()).toMatchObject({ outcome: 'denied', target: { id: null } });
  });

  it('leaves no record when it is not known who tried', async () => {
    const before = await latest();
    expect((await app.call('POST', '/api/v1/group/', {}, { authorization: '' })).status).toBe(401);
    expect(await latest()).toEqual(before);
  });
});

describe('the audit log', () => {
  it('holds no secret and no value that was given', async () => {
    const rows = await app.database.query(`SELECT row_to_json(a)::text AS text FROM audit_log a`);
    const text = JSON.stringify(rows);
    expect(text).toContain('auth_token');
    expect(text).not.toMatch(/canary/);
    for (const secret of [ADMIN_TOKEN, bob.authorization.slice(6)]) expect(text).not.toContain(secret);
  });

  it('is for admins only', async () => {
    expect((await app.call('GET', '/api/v1/audit/', undefined, bob)).status).toBe(403);
    expect((await app.call('GET', '/api/v1/audit/', undefined, { authorization: '' })).status).toBe(401);
  });

  it('begins with the making of the first admin, by the service itself', async () => {
    const { body } = await app.call('GET', '/api/v1/audit/?actor=system');
    expect(body).toMatchObject({
      count: 1,
      results: [{ action: 'admin.create', target: { kind: 'user', id: '1' }, actor: { kind: 'system', id: null } }],
    });
  });

  it('is paged, newest first', async () => {
    const first = await app.call('GET', '/api/v1/audit/?limit=2');
    const next = await app.call('GET', (first.body.next as string).slice(app.url.length));
    const ids = [...first.body.results, ...next.body.results].map(({ id }: { id: number }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    expect(new Set(ids).size).toBe(4);
    expect(first.body.count).toBeGreaterThan(4);
  });

  it('is filtered by actor, action, target and time', async () => {
    const { id } = await app.creates(DAILY);
    const other = await app.creates(DAILY);
    const [{ at: since } = { at: '' }] = (await app.call('GET', `/api/v1/audit/?target=schedule/${id}`)).body.results;
    await app.call('PATCH', `/api/v1/schedule/${id}/`, { frequency: 7 });
    const found = async (query: string) => {
      const { body } = await app.call('GET', `/api/v1/audit/?${query}`);
      const results = body.results as { action: string; target: { id: string } }[];
      return results.map(({ action, target }) => [action, target.id]);
    };

    const all = [
      ['schedule.update', id],
      ['schedule.create', id],
    ];
    expect(await found(`target=schedule/${id}`)).toEqual(all);
    expect(await found(`target=schedule/${id}&action=schedule.update`)).toEqual(all.slice(0, 1));
    expect(await found(`target=schedule&since=${since}&actor=1`)).toEqual([
      all[0],
      ['schedule.create', other.id],
      all[1],
    ]);
    expect(await found(`target=schedule/${id}&until=${since}`)).toEqual([]);
    expect(await found('actor=999')).toEqual([]);
  });

  it.each(['actor=bob', 'action=fly', 'target=9', 'since=yesterday', 'until=2026-13-01', 'since=a&since=b'])(
    'refuses a filter that means nothing: %s',
    async (query) => {
      const reply = await app.call('GET', `/api/v1/audit/?${query}`);
      expect(reply).toMatchObject({ status: 400, body: { [query.split('=')[0] ?? '']: [expect.any(String)] } });
    },
  );
});

describe('every answer', () => {
  it.each([
    ['/api/v1/schedule/', 200],
    ['/api/v1/nothing/', 404],
    ['/health/live', 200],
  ])('names its request: %s', async (path, status) => {
    const reply = await app.call('GET', path);
    expect(reply.status).toBe(status);
    expect(reply.headers.get('x-request-id')).toMatch(UUID);
  });

  it.each(['a', 'trace:7/abc_D.e=+-', 'x'.repeat(128)])('takes the name its caller gave it: %s', async (id) => {
    const reply = await app.call('GET', '/health/live', undefined, { 'x-request-id': id });
    expect(reply.headers.get('x-request-id')).toBe(id);
  });

  it.each(['', 'two words', '"quoted"', 'x'.repeat(129), 'é'])(
    'gives it another when that is ill-formed: %s',
    async (id) => {
      const reply = await app.call('GET', '/health/live', undefined, { 'x-request-id': id });
      expect(reply.headers.get('x-request-id')).toMatch(UUID);
    },
  );
});
