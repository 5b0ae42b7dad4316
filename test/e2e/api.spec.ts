import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSchedule, startApp, type TestApp } from '../support/app.js';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const ENDPOINT = 'http://127.0.0.1:9/hook';

let app: TestApp;
let userToken: string;

beforeAll(async () => {
  app = await startApp({ ROLES: 'api' });
  userToken = (await app.call('POST', '/api/v1/user/token/', { email: 'bob@example.org' })).body.token;
});

afterAll(() => app[Symbol.asyncDispose]());

describe('every route', () => {
  const routes = [
    ['POST', '/api/v1/user/token/'],
    ['GET', '/api/v1/user/'],
    ['GET', '/api/v1/user/1/'],
    ['PUT', '/api/v1/user/1/'],
    ['GET', '/api/v1/group/'],
    ['GET', '/api/v1/group/1/'],
    ['POST', '/api/v1/group/'],
    ['GET', '/api/v1/schedule/'],
    ['POST', '/api/v1/schedule/'],
    ['GET', `/api/v1/schedule/${UNKNOWN_ID}/`],
    ['PUT', `/api/v1/schedule/${UNKNOWN_ID}/`],
    ['DELETE', `/api/v1/schedule/${UNKNOWN_ID}/`],
    ['GET', `/api/v1/schedule/${UNKNOWN_ID}/deliveries/`],
    ['GET', '/api/v1/failed-tasks/'],
    ['POST', '/api/v1/failed-tasks/'],
    ['GET', '/api/metrics/'],
    ['POST', '/api/metrics/'],
    ['GET', '/api/health/'],
  ] as const;

  it.each(routes)('%s %s answers 401 without a token and with a wrong one', async (method, path) => {
    const missing = await app.call(method, path, undefined, { authorization: '' });
    const wrong = await app.call(method, path, undefined, { authorization: 'Token 1234567890123456789012345678' });

    expect(missing).toMatchObject({ status: 401, body: { detail: 'Authentication credentials were not provided.' } });
    expect(wrong).toMatchObject({ status: 401, body: { detail: 'Invalid token.' } });
    expect(missing.headers.get('www-authenticate')).toBe('Token');
  });
});

describe('a token', () => {
  it.each(['Token', 'token', 'Bearer', 'BEARER'])('is taken after %s', async (scheme) => {
    const reply = await app.call('GET', '/api/v1/user/', undefined, { authorization: `${scheme} ${userToken}` });
    expect(reply.status).toBe(200);
  });

  it('is not taken from the URL', async () => {
    const reply = await app.call('GET', `/api/v1/user/?access_token=${userToken}`, undefined, { authorization: '' });
    expect(reply.status).toBe(401);
  });

  it('stays valid when another one is made for the same address, whatever its case', async () => {
    const { body } = await app.call('POST', '/api/v1/user/token/', { email: 'BOB@example.org' });
    for (const token of [userToken, body.token]) {
      const reply = await app.call('GET', '/api/health/', undefined, { authorization: `Token ${token}` });
      expect(reply.status).toBe(200);
    }
    const users = await app.call('GET', '/api/v1/user/');
    expect(users.body.results.filter(({ email }: { email: string }) => email === 'bob@example.org')).toHaveLength(1);
  });

  it('is kept as a digest only', async () => {
    const rows = await app.database.query(`SELECT row_to_json(t)::text AS text FROM tokens t`);
    expect(JSON.stringify(rows)).not.toContain(userToken);
  });
});

describe('admins', () => {
  const adminRoutes = [
    ['POST', '/api/v1/user/token/', { email: 'x@example.org' }],
    ['POST', '/api/v1/group/', { name: 'x' }],
    ['PUT', '/api/v1/group/1/', { name: 'x' }],
    ['DELETE', '/api/v1/group/1/', {}],
    ['PUT', '/api/v1/user/1/', { groups: [] }],
  ] as const;

  it.each(adminRoutes)('alone may %s %s', async (method, path, body) => {
    const reply = await app.call(method, path, body, { authorization: `Token ${userToken}` });
    expect(reply).toMatchObject({
      status: 403,
      body: { detail: 'You do not have permission to perform this action.' },
    });
  });

  it('make groups and put users into them', async () => {
    const group = await app.call('POST', '/api/v1/group/', { name: 'Admins' });
    expect(group.status).toBe(201);
    expect(group.headers.get('location')).toBe(group.body.url);
    expect(group.body).toEqual({ id: group.body.id, name: 'Admins', url: `${app.url}/api/v1/group/${group.body.id}/` });

    const user = await app.call('PUT', '/api/v1/user/1/', { groups: [group.body.url] });
    expect(user).toMatchObject({ status: 200, body: { email: 'admin@localhost', groups: [group.body.url] } });
    expect((await app.call('POST', '/api/v1/group/', { name: 'Admins' })).body).toEqual({
      name: ['group with this name already exists.'],
    });
    const path = `/api/v1/group/${group.body.id}/`;
    expect((await app.call('PUT', path, { name: 'Owners' })).body.name).toBe('Owners');
    expect((await app.call('DELETE', path, {})).status).toBe(204);
    expect((await app.call('GET', '/api/v1/user/1/')).body.groups).toEqual([]);
    expect((await app.call('PUT', '/api/v1/user/1/', { groups: [999] })).status).toBe(400);
  });
});

describe('a request for a token', () => {
  it.each([
    [{}, { email: ['This field is required.'] }],
    [{ email: null }, { email: ['This field may not be null.'] }],
    [{ email: '' }, { email: ['This field may not be blank.'] }],
    [{ email: 'nobody' }, { email: ['Enter a valid email address.'] }],
    [{ email: 7 }, { email: ['Not a valid string.'] }],
  ])('of %j is refused', async (body, expected) => {
    expect(await app.call('POST', '/api/v1/user/token/', body)).toMatchObject({ status: 400, body: expected });
  });

  it('may be a form', async () => {
    const reply = await app.call('POST', '/api/v1/user/token/', 'email=form%40example.org', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(reply).toMatchObject({ status: 201, body: { token: expect.stringMatching(/^[0-9a-f]{40}$/) as string } });
  });
});

describe('a new schedule', () => {
  it('is shown with all of its fields', async () => {
    const reply = await app.call('POST', '/api/v1/schedule/', {
      endpoint: ENDPOINT,
      cron_definition: '0 0 1 1 *',
      auth_token: 'secret',
      payload: { a: 1 },
    });
    const { body } = reply;
    expect(reply.status).toBe(201);
    expect(reply.headers.get('location')).toBe(body.url);
    expect(body).toEqual({
      url: `${app.url}/api/v1/schedule/${body.id}/`,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      frequency: null,
      cron_definition: '0 0 1 1 *',
      interval_definition: null,
      endpoint: ENDPOINT,
      payload: { a: 1 },
      auth_token: '********',
      next_send_at: `${new Date().getUTCFullYear() + 1}-01-01T00:00:00.000Z`,
      enabled: true,
      catch_up: 'latest',
      overlap: 'allow',
      triggered: 0,
      last_run: null,
      created_at: expect.any(String),
      created_by: `${app.url}/api/v1/user/1/`,
      updated_at: body.created_at,
      updated_by: `${app.url}/api/v1/user/1/`,
    });
    expect((await app.call('GET', `/api/v1/schedule/${body.id}`)).body).toEqual(body);
  });

  it.each([
    [{}, { endpoint: ['This field is required.'] }],
    [{ endpoint: null }, { endpoint: ['This field may not be null.'] }],
    [{ endpoint: '' }, { endpoint: ['This field may not be blank.'] }],
    [{ endpoint: 'nowhere' }, { endpoint: ['Enter a valid URL.'] }],
    [{ endpoint: 'http://a\r\nb/' }, { endpoint: ['Enter a valid URL. Did you mean http://ab/?'] }],
    [{ endpoint: 'ftp://a/' }, { endpoint: ['Enter a URL that begins with http:// or https://.'] }],
    [{ endpoint: 'http://u:p@a/' }, { endpoint: ['A user name or password in the URL is not accepted.'] }],
    [{ cron_definition: '99 * * * *' }, { cron_definition: ['minute 99 is out of range 0-59'] }],
    [{ cron_definition: '* * * *' }, { cron_definition: [expect.stringContaining('found 4')] }],
    [{ cron_definition: '0 0 * * * 2027' }, { cron_definition: [expect.stringContaining('year')] }],
    [{ cron_definition: 5 }, { cron_definition: ['Not a valid string.'] }],
    [{ interval_definition: '0 seconds' }, { interval_definition: [expect.stringContaining('positive')] }],
    [{ interval_definition: '3 weeks' }, { interval_definition: [expect.stringContaining('unknown unit')] }],
    [{ inteval_definition: '10 microseconds' }, { interval_definition: [expect.stringContaining('1 second')] }],
    [
      { interval_definition: '1 hours', inteval_definition: '2 hours' },
      { interval_definition: [expect.stringContaining('differ')] },
    ],
    [{ cron_definition: null }, { non_field_errors: [expect.stringContaining('exactly one')] }],
    [{ interval_definition: '1 hours' }, { non_field_errors: [expect.stringContaining('exactly one')] }],
    [{ frequency: 'often' }, { frequency: ['A valid integer is required.'] }],
    [{ frequency: 0 }, { frequency: ['Ensure this value is greater than or equal to 1.'] }],
    [{ enabled: 'maybe' }, { enabled: ['Must be a valid boolean.'] }],
    [{ enabled: null }, { enabled: ['This field may not be null.'] }],
    [{ catch_up: 'x' }, { catch_up: ['"x" is not a valid choice.'] }],
    [{ catch_up: 'Latest' }, { catch_up: ['"Latest" is not a valid choice.'] }],
    [{ catch_up: 7 }, { catch_up: ['"7" is not a valid choice.'] }],
    [{ catch_up: ['all'] }, { catch_up: ['"["all"]" is not a valid choice.'] }],
    [{ catch_up: null }, { catch_up: ['This field may not be null.'] }],
    [{ catch_up: '' }, { catch_up: ['This field may not be blank.'] }],
    [{ overlap: 'latest' }, { overlap: ['"latest" is not a valid choice.'] }],
    [{ overlap: true }, { overlap: ['"true" is not a valid choice.'] }],
    [{ overlap: null }, { overlap: ['This field may not be null.'] }],
    [
      { catch_up: 'x', overlap: 'y' },
      { catch_up: ['"x" is not a valid choice.'], overlap: ['"y" is not a valid choice.'] },
    ],
    [{ auth_token: 'a\r\nb' }, { auth_token: ['Only visible ASCII characters can be sent as a token.'] }],
  ])('with %j is refused, and the field named', async (fields, expected) => {
    const isWithoutEndpoint = Object.keys(fields).length === 0;
    const whole = isWithoutEndpoint ? {} : { endpoint: ENDPOINT, cron_definition: '@yearly', ...fields };
    if ('interval_definition' in fields && 'inteval_definition' in fields)
      Object.assign(whole, { cron_definition: null });
    if (JSON.stringify(expected).includes('interval_definition')) Object.assign(whole, { cron_definition: null });
    expect(await app.call('POST', '/api/v1/schedule/', whole)).toMatchObject({ status: 400, body: expected });
  });

  it.each([
    ['{"a": 1e309}', 'beyond the range'],
    ['{"a": "\\ud800"}', 'surrogate'],
    ['{"a": "\\u0000"}', 'NUL'],
    ['{"__proto__": 1}', '__proto__'],
    [`${'['.repeat(101)}${']'.repeat(101)}`, 'levels deep'],
  ])('with a payload that could not be carried unchanged, %s, is refused with the reason', async (payload, reason) => {
    const body = `{"endpoint": "${ENDPOINT}", "cron_definition": "@yearly", "payload": ${payload}}`;
    const reply = await app.call('POST', '/api/v1/schedule/', body);
    expect(reply.status).toBe(400);
    expect(reply.text).toContain(reason);
  });

  it.each([
    ['{', 'JSON parse error'],
    ['[]', 'Expected a JSON object'],
    ['7', 'Expected a JSON object'],
  ])('given as %s is refused with a detail', async (body, detail) => {
    const reply = await app.call('POST', '/api/v1/schedule/', body);
    expect(reply).toMatchObject({ status: 400, body: { detail: expect.stringContaining(detail) as string } });
  });

  it('may be a form, whose payload is JSON text', async () => {
    const form = new URLSearchParams({
      ...{ endpoint: ENDPOINT, cron_definition: '@yearly', interval_definition: '' },
      ...{ frequency: '3', enabled: 'false', payload: '{"a": 1.0}', catch_up: 'all', overlap: 'skip' },
    });
    const reply = await app.call('POST', '/api/v1/schedule/', form.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(reply).toMatchObject({
      status: 201,
      body: { frequency: 3, enabled: false, next_send_at: null, catch_up: 'all', overlap: 'skip' },
    });
    expect(reply.text).toContain('"payload":{"a": 1.0}');
  });

  it('with an unknown field is taken, and the field named with its nearest neighbour in a Warning', async () => {
    const fields = aSchedule({ enabeld: false, created_at: 'ignored' });
    const lenient = await app.call('POST', '/api/v1/schedule/', fields);
    const strict = await app.call('POST', '/api/v1/schedule/', fields, { prefer: 'handling=strict' });

    expect(lenient.status).toBe(201);
    expect(lenient.headers.get('warning')).toMatch(/^299 - ".*enabeld.*Did you mean enabled\?"$/);
    expect(strict).toMatchObject({ status: 400, body: { enabeld: [expect.stringContaining('enabled') as string] } });
  });
});

describe('catch-up and overlap of a schedule', () => {
  const policiesOf = ({ catch_up, overlap }: Record<string, unknown>) => [catch_up, overlap];

  it('are those that were given, and each changes without the other', async () => {
    const created = await app.creates(aSchedule({ catch_up: 'all', overlap: 'skip' }));
    const path = `/api/v1/schedule/${created.id}/`;
    expect(policiesOf(created)).toEqual(['all', 'skip']);

    expect(policiesOf((await app.call('PATCH', path, { catch_up: 'none' })).body)).toEqual(['none', 'skip']);
    expect(policiesOf((await app.call('PUT', path, { overlap: 'allow' })).body)).toEqual(['none', 'allow']);
    expect(policiesOf((await app.call('PATCH', path, { frequency: 5 })).body)).toEqual(['none', 'allow']);
    expect(policiesOf((await app.call('GET', path)).body)).toEqual(['none', 'allow']);
  });

  it('keep their value when a change is refused', async () => {
    const { id } = await app.creates(aSchedule({ catch_up: 'all' }));
    const path = `/api/v1/schedule/${id}/`;
    const refused = await app.call('PATCH', path, { catch_up: 'none', overlap: 'never' });
    expect(refused).toMatchObject({ status: 400, body: { overlap: ['"never" is not a valid choice.'] } });
    expect(policiesOf((await app.call('GET', path)).body)).toEqual(['all', 'allow']);
  });

  it('are known fields, and the nearest ones to their misspellings', async () => {
    const headers = { prefer: 'handling=strict' };
    const known = await app.call('POST', '/api/v1/schedule/', aSchedule({ catch_up: 'all', overlap: 'skip' }), headers);
    expect(known.status).toBe(201);

    const misspelt = await app.call(
      'POST',
      '/api/v1/schedule/',
      aSchedule({ catchup: 'all', overlaps: 'skip' }),
      headers,
    );
    expect(misspelt).toMatchObject({
      status: 400,
      body: {
        catchup: ['Unknown field, ignored. Did you mean catch_up?'],
        overlaps: ['Unknown field, ignored. Did you mean overlap?'],
      },
    });
  });

  it('filter the list', async () => {
    const cases = [
      ['all', 'allow'],
      ['none', 'skip'],
      ['all', 'skip'],
    ];
    const frequency = 4711;
    for (const [catch_up, overlap] of cases) await app.creates(aSchedule({ frequency, catch_up, overlap }));
    const listed = async (query: string) => {
      const { body } = await app.call('GET', `/api/v1/schedule/?frequency=${frequency}&${query}`);
      return body.results.map(policiesOf) as unknown;
    };

    expect(await listed('catch_up=all')).toEqual([cases[2], cases[0]]);
    expect(await listed('overlap=skip')).toEqual([cases[2], cases[1]]);
    expect(await listed('overlap=skip&catch_up=none')).toEqual([cases[1]]);
    expect(await listed('catch_up=latest')).toEqual([]);
    expect(await listed('catch_up=')).toHaveLength(3);
    expect(await app.call('GET', '/api/v1/schedule/?catch_up=x&overlap=y')).toMatchObject({
      status: 400,
      body: {
        catch_up: ['Select a valid choice. x is not one of the available choices.'],
        overlap: ['Select a valid choice. y is not one of the available choices.'],
      },
    });
  });

  it('are documented with their choices', async () => {
    const { schemas } = (await app.call('GET', '/docs-json')).body.components;
    for (const name of ['CreateScheduleDto', 'UpdateScheduleDto', 'ScheduleDto']) {
      expect(schemas[name].properties).toMatchObject({
        catch_up: { enum: ['latest', 'none', 'all'] },
        overlap: { enum: ['allow', 'skip'] },
      });
    }
    expect(schemas.DeliveryDto.properties.outcome.enum).toContain('skipped');
  });
});

describe('a skipped delivery', () => {
  it('is listed without an attempt', async () => {
    const { id } = await app.creates(aSchedule({ overlap: 'skip' }));
    await app.database.query(
      `INSERT INTO attempts (attempt, scheduled_for, schedule_id, started_at, outcome, replica)
       VALUES (0, '2026-01-01T08:00:00Z', $1, now(), 'skipped', 'web-1/4711')`,
      [id],
    );
    const { body } = await app.call('GET', `/api/v1/schedule/${id}/deliveries/`);
    expect(body.results).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        scheduled_for: '2026-01-01T08:00:00.000Z',
        outcome: 'skipped',
        missed: null,
        attempts: [],
      },
    ]);
  });
});

describe('a change of a schedule', () => {
  it('keeps absent fields, and one definition clears the other', async () => {
    const { id } = await app.creates(aSchedule({ payload: { a: 1 }, auth_token: 'one', cron_definition: null }));
    const path = `/api/v1/schedule/${id}/`;

    const body = { frequency: null, cron_definition: '5 4 * * *', endpoint: ENDPOINT, auth_token: 'two' };
    const patched = await app.call('PATCH', path, body, { 'content-type': 'application/json;charset=utf-8' });
    const put = await app.call('PUT', path, { interval_definition: '2 hours', auth_token: '********' });

    expect(patched).toMatchObject({
      status: 200,
      body: { cron_definition: '5 4 * * *', interval_definition: null, payload: { a: 1 }, auth_token: '********' },
    });
    expect(put.body).toMatchObject({ cron_definition: null, interval_definition: '2 hours', auth_token: '********' });
  });

  it('of the endpoint to another origin clears the token unless it is given again', async () => {
    const { id } = await app.creates(aSchedule({ auth_token: 'one' }));
    const path = `/api/v1/schedule/${id}/`;
    expect((await app.call('PATCH', path, { endpoint: 'http://other.test/' })).body.auth_token).toBeNull();

    const given = await app.call('PATCH', path, { endpoint: 'http://third.test/', auth_token: 'two' });
    const sameOrigin = await app.call('PATCH', path, { endpoint: 'http://third.test/elsewhere' });
    const masked = await app.call('PATCH', path, { endpoint: 'http://third.test:8080/', auth_token: '********' });
    const tokens = [given, sameOrigin, masked].map(({ body }) => body.auth_token as string | null);
    expect(tokens).toEqual(['********', '********', null]);
  });

  it('takes active for enabled', async () => {
    const { id } = await app.creates(aSchedule({}));
    const reply = await app.call('PATCH', `/api/v1/schedule/${id}/`, { active: false });
    expect(reply.body).toMatchObject({ enabled: false, next_send_at: null });
  });

  it('leaves no trigger behind when the last schedule goes, and rests it when the last one is switched off', async () => {
    const { id } = await app.creates(aSchedule({ interval_definition: '7777 seconds' }));
    const triggers = () =>
      app.database.query(`SELECT next_fire_at IS NULL AS rests FROM triggers WHERE text = '7777 seconds'`);

    await app.call('PATCH', `/api/v1/schedule/${id}/`, { enabled: false });
    expect(await triggers()).toEqual([{ rests: true }]);
    const removed = await app.call('DELETE', `/api/v1/schedule/${id}/`, {});
    expect(removed).toMatchObject({ status: 204, text: '' });
    expect(await triggers()).toEqual([]);
    expect((await app.call('GET', `/api/v1/schedule/${id}/`)).status).toBe(404);
  });
});

describe('an unknown thing', () => {
  it.each([
    ['GET', `/api/v1/schedule/${UNKNOWN_ID}/`],
    ['GET', '/api/v1/schedule/not-a-uuid/'],
    ['PUT', `/api/v1/schedule/${UNKNOWN_ID}/`],
    ['PATCH', `/api/v1/schedule/${UNKNOWN_ID}/`],
    ['DELETE', `/api/v1/schedule/${UNKNOWN_ID}/`],
    ['GET', `/api/v1/schedule/${UNKNOWN_ID}/deliveries/`],
    ['GET', '/api/v1/user/4711/'],
    ['GET', '/api/v1/user/99999999999999999999/'],
    ['GET', '/api/v1/user/abc/'],
    ['GET', '/api/v1/group/4711/'],
    ['GET', '/api/v1/failed-tasks/4711/'],
    ['POST', '/api/v1/failed-tasks/4711/requeue/'],
    ['GET', '/api/v1/nothing/'],
    ['GET', '/nothing'],
  ])('%s %s answers 404', async (method, path) => {
    const body = method === 'GET' ? undefined : {};
    expect(await app.call(method, path, body)).toMatchObject({ status: 404, body: { detail: 'Not found.' } });
  });

  it.each([
    ['PUT', '/api/v1/schedule/', 'GET, HEAD, POST'],
    ['DELETE', '/api/v1/user/', 'GET, HEAD'],
    ['POST', `/api/v1/schedule/${UNKNOWN_ID}/`, 'DELETE, GET, HEAD, PATCH, PUT'],
    ['PATCH', '/api/metrics/', 'GET, HEAD, POST'],
    // Fixed segments where other routes of the same length have an id.
    ['PUT', '/api/v1/user/token/', 'POST'],
    ['PATCH', '/api/v1/user/token', 'POST'],
    ['DELETE', '/api/v1/user/token/?a=b', 'POST'],
    ['GET', '/api/v1/user/1/signing-secret/previous/', 'DELETE'],
    ['PUT', '/health/live/', 'GET, HEAD'],
  ])('method, %s %s, answers 405 with Allow', async (method, path, allow) => {
    const reply = await app.call(method, path, method === 'GET' ? undefined : {});
    expect(reply).toMatchObject({ status: 405, body: { detail: `Method "${method}" not allowed.` } });
    expect(reply.headers.get('allow')).toBe(allow);
  });

  it('method answers 405 to a GET of the path that makes tokens, which no user has for an id', async () => {
    const reply = await app.call('GET', '/api/v1/user/token/');
    expect(reply).toMatchObject({ status: 405, body: { detail: 'Method "GET" not allowed.' } });
    expect(reply.headers.get('allow')).toBe('POST');
  });

  it('media type answers 415', async () => {
    const reply = await app.call('POST', '/api/v1/schedule/', '<a/>', { 'content-type': 'application/xml' });
    expect(reply.status).toBe(415);
    expect(reply.body).toEqual({ detail: 'Unsupported media type "application/xml" in request.' });
  });

  it('body beyond 256 KiB answers 413', async () => {
    const reply = await app.call('POST', '/api/v1/schedule/', aSchedule({ payload: 'x'.repeat(300_000) }));
    expect(reply.status).toBe(413);
  });
});

describe('what old clients send', () => {
  it('is taken: a JSON content type with nothing in it, and a body of {} on GET and DELETE', async () => {
    const { id } = await app.creates(aSchedule({}));
    const headers = { 'content-type': 'application/json;charset=utf-8' };
    const empty = await app.call('GET', '/api/v1/schedule/', undefined, headers);
    const removed = await app.call('DELETE', `/api/v1/schedule/${id}/`, '', headers);
    expect([empty.status, removed.status]).toEqual([200, 204]);
  });
});

describe('pages', () => {
  it.each(['limit=0', 'limit=-1', 'limit=x', 'offset=-1', 'offset=1e99', 'limit=99999999999999999999&offset='])(
    'take the default for %s',
    async (query) => {
      const reply = await app.call('GET', `/api/v1/schedule/?${query}`);
      expect(reply.status).toBe(200);
      expect(reply.body.previous).toBeNull();
    },
  );

  it('past the end are empty', async () => {
    const reply = await app.call('GET', '/api/v1/schedule/?offset=999999999999');
    expect(reply).toMatchObject({ status: 200, body: { next: null, results: [] } });
  });
});

describe('the helpers', () => {
  it('tell health with a token', async () => {
    const reply = await app.call('GET', '/api/health/');
    expect(reply).toMatchObject({ status: 200, body: { up: true, result: { database: 'Accessible' } } });
  });

  it.each(['/health', '/health/', '/health/live', '/health/ready', '/metrics', '/docs-json'])(
    'answer %s without a token',
    async (path) => {
      expect((await app.call('GET', path, undefined, { authorization: '' })).status).toBe(200);
    },
  );

  it('show the instruments to Prometheus', async () => {
    const { text } = await app.call('GET', '/metrics');
    for (const name of [
      'seed_scheduler_delivery_lateness_seconds_bucket',
      'seed_scheduler_registered_triggers',
      'nodejs_eventloop_lag_seconds',
      '# TYPE seed_scheduler_deliveries_total',
      '# TYPE seed_scheduler_attempts_total',
      '# TYPE seed_scheduler_queue_depth',
    ]) {
      expect(text).toContain(name);
    }
  });

  it('list the keys of the metrics, those of the replaced service among them', async () => {
    const { body } = await app.call('GET', '/api/metrics/');
    const task = 'scheduler.deliver_task';
    expect(body.metrics_available).toEqual(
      expect.arrayContaining([
        'schedules.created.sum',
        `${task}.connection_error.sum`,
        `${task}.timeout.sum`,
        `${task}.missed.sum`,
        `${task}.skipped.sum`,
        ...[400, 401, 403, 404, 500].map((status) => `${task}.http_error.${status}.sum`),
      ]),
    );
  });

  it('document every route', async () => {
    const { body } = await app.call('GET', '/docs-json');
    expect(body.openapi).toMatch(/^3\./);
    expect(Object.keys(body.paths as object)).toEqual(
      expect.arrayContaining(['/api/v1/schedule', '/api/v1/schedule/{id}', '/api/v1/user/token', '/api/metrics']),
    );
  });
});
