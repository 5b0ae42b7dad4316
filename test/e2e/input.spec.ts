import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.js';

const ENDPOINT = 'http://127.0.0.1:9/hook';
const SCHEDULES = '/api/v1/schedule/';

let app: TestApp;

beforeAll(async () => {
  app = await startApp({ ROLES: 'api' });
});

afterAll(() => app[Symbol.asyncDispose]());

const yearly = (fields: object) => ({ endpoint: ENDPOINT, cron_definition: '@yearly', ...fields });
const pathOf = ({ id }: { id: string }) => `${SCHEDULES}${id}/`;

describe('an endpoint', () => {
  it.each([
    ['http:127.0.0.1', 'Did you mean http://127.0.0.1/?'],
    ['http:///x', 'Did you mean http://x/?'],
    ['http://@host/x', 'Did you mean http://host/x?'],
    ['http://unix:/var/run/docker.sock:/x', 'Did you mean http://unix/var/run/docker.sock:/x?'],
    ['http://0x7f.1/', 'Did you mean http://127.0.0.1/?'],
    ['http://host/a\\b', 'Did you mean http://host/a/b?'],
    ['http://a..b/', '"a..b" is not a host name'],
    ['http://-/', '"-" is not a host name'],
    ['http://host:0/', 'Port 0 cannot be connected to.'],
  ])(
    'that means something else than it says is refused, when it is made and when it is changed: %s',
    async (url, why) => {
      const refused = { status: 400, body: { endpoint: [expect.stringContaining(why) as string] } };
      const path = pathOf(await app.creates(yearly({})));

      expect(await app.call('POST', SCHEDULES, yearly({ endpoint: url }))).toMatchObject(refused);
      for (const method of ['PUT', 'PATCH'])
        expect(await app.call(method, path, { endpoint: url })).toMatchObject(refused);

      expect((await app.call('GET', path)).body.endpoint).toBe(ENDPOINT);
    },
  );

  it.each(['HTTP://My_Service:80', 'http://münchen.de/é?{a}|b', 'https://host:443/x?'])(
    'that is only spelt in another way is kept as it was given: %s',
    async (endpoint) => {
      expect(await app.creates(yearly({ endpoint }))).toMatchObject({ endpoint });
    },
  );
});

describe('white space around a text', () => {
  it('is not part of any field of a schedule', async () => {
    const padded = {
      ...{ endpoint: ` ${ENDPOINT}\n`, cron_definition: '\t0 8 * * *  ', auth_token: 'abc\n', frequency: ' 3 ' },
      ...{ catch_up: ' all', overlap: 'skip\r\n', enabled: ' false ', payload: ' kept ' },
    };
    const shown = {
      ...{ endpoint: ENDPOINT, cron_definition: '0 8 * * *', auth_token: '********', frequency: 3 },
      ...{ catch_up: 'all', overlap: 'skip', enabled: false, payload: ' kept ' },
    };
    const created = await app.creates(padded);
    expect(created).toMatchObject(shown);
    const { cron_definition, ...others } = padded;
    const put = await app.call('PUT', pathOf(created), { ...others, interval_definition: ' 5 minutes ' });
    expect(put.body).toMatchObject({ ...shown, cron_definition: null, interval_definition: '5 minutes' });
    const form = new URLSearchParams({ ...others, cron_definition, payload: '" kept "' });
    const formed = await app.call('POST', SCHEDULES, form.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(formed).toMatchObject({ status: 201, body: shown });
  });

  it('is not part of an email address, a name, a label, a time or a reference', async () => {
    const { body: group } = await app.call('POST', '/api/v1/group/', { name: ' Padded\n' });
    expect(group.name).toBe('Padded');
    const renamed = await app.call('PUT', new URL(group.url as string).pathname, { name: '\tTrimmed ' });
    expect(renamed.body.name).toBe('Trimmed');
    const user = await app.call('PUT', '/api/v1/user/1/', { groups: [` ${group.url}\n`] });
    expect(user.body.groups).toEqual([group.url]);

    await app.call('POST', '/api/v1/user/token/', { email: ' Padded@example.org\n' });
    expect((await app.call('GET', '/api/v1/user/')).body.results[0]).toMatchObject({ email: 'padded@example.org' });
    const details = { label: ' nightly\n', expires_at: ' 2999-01-01T00:00:00Z ' };
    expect((await app.call('POST', '/api/v1/user/1/token/', details)).body).toMatchObject({
      label: 'nightly',
      expires_at: '2999-01-01T00:00:00.000Z',
    });
  });

  it('alone is no token and no definition, and blank where a text is needed', async () => {
    const { auth_token } = await app.creates(yearly({ auth_token: ' \n', interval_definition: ' ' }));
    expect(auth_token).toBeNull();
    for (const [method, path, field] of [
      ['POST', SCHEDULES, 'endpoint'],
      ['POST', SCHEDULES, 'catch_up'],
      ['POST', '/api/v1/group/', 'name'],
      ['POST', '/api/v1/user/token/', 'email'],
      ['POST', '/api/v1/user/1/token/', 'label'],
    ] as const) {
      const fields = path === SCHEDULES ? yearly({}) : {};
      const reply = await app.call(method, path, { ...fields, [field]: ' \t' });
      expect(reply).toMatchObject({ status: 400, body: { [field]: ['This field may not be blank.'] } });
    }
  });

  it('around the mask of a token leaves the token as it is', async () => {
    const path = pathOf(await app.creates(yearly({ auth_token: 'one' })));
    const sealed = () => app.database.query(`SELECT auth_token FROM schedules WHERE $1 LIKE '%' || id || '%'`, [path]);
    const before = await sealed();
    expect((await app.call('PATCH', path, { auth_token: ' ********\n' })).body.auth_token).toBe('********');
    expect(await sealed()).toEqual(before);
  });

  it('is not part of a filter', async () => {
    const endpoint = 'http://filtered.test/';
    await app.creates(yearly({ endpoint, frequency: 77, catch_up: 'none' }));
    const query = new URLSearchParams({
      ...{
        endpoint: ` ${endpoint} `,
        frequency: ' 77',
        enabled: 'true ',
        catch_up: ' none ',
        cron_definition: '@yearly\n',
      },
      ...{ limit: ' 1 ', overlap: ' ' },
    });
    // A line end is a control character, which no URL may have.
    query.set('cron_definition', ' @yearly ');
    expect((await app.call('GET', `${SCHEDULES}?${query.toString()}`)).body.count).toBe(1);
    expect((await app.call('GET', '/api/v1/origins/?breaker=%20closed%20')).status).toBe(200);
    expect((await app.call('GET', '/api/v1/audit/?actor=%201%20&target=%20schedule%20')).body.count).toBeGreaterThan(0);
  });
});

describe('a value of the wrong type', () => {
  const TEXT = 'Not a valid string.';
  const DATE = expect.stringContaining('Datetime has wrong format.') as string;
  const fields = [
    ['POST', SCHEDULES, 'endpoint', [5, 1.5, true, [], ['a'], {}], TEXT],
    ['POST', SCHEDULES, 'cron_definition', [5, true, [], {}], TEXT],
    ['POST', SCHEDULES, 'interval_definition', [5, true, [], {}], TEXT],
    ['POST', SCHEDULES, 'inteval_definition', [5, true, [], {}], TEXT],
    ['POST', SCHEDULES, 'auth_token', [5, true, [], {}], TEXT],
    ['POST', SCHEDULES, 'frequency', ['x', 1.5, true, [], {}], 'A valid integer is required.'],
    ['POST', SCHEDULES, 'enabled', ['x', 5, [], {}], 'Must be a valid boolean.'],
    ['POST', SCHEDULES, 'active', ['x', 5, [], {}], 'Must be a valid boolean.'],
    ['POST', '/api/v1/group/', 'name', [5, true, [], {}], TEXT],
    ['POST', '/api/v1/user/token/', 'email', [5, true, [], {}], TEXT],
    ['POST', '/api/v1/user/1/token/', 'label', [5, true, [], {}], TEXT],
    ['POST', '/api/v1/user/1/token/', 'expires_at', [5, true, [], {}], DATE],
    [
      'POST',
      '/api/v1/user/1/signing-secret/',
      'expires_previous_in',
      ['x', 1.5, true, []],
      'A valid integer is required.',
    ],
  ] as const;

  it.each(fields)('is told as such, before any other rule: %s %s %s', async (method, path, field, values, message) => {
    for (const value of values) {
      const others = path === SCHEDULES ? yearly({}) : {};
      const reply = await app.call(method, path, { ...others, [field]: value });
      expect(reply, JSON.stringify(value)).toMatchObject({ status: 400, body: { [field]: [message] } });
    }
  });

  it.each([
    ['x', 'str'],
    [5, 'int'],
    [1.5, 'float'],
    [true, 'bool'],
    [{}, 'dict'],
  ])('is told as such where a list is due: %j', async (groups, type) => {
    const message = `Expected a list of items but got type "${type}".`;
    expect(await app.call('PUT', '/api/v1/user/1/', { groups })).toMatchObject({
      status: 400,
      body: { groups: [message] },
    });
  });

  it.each([
    [{ frequency: '0' }, { frequency: ['Ensure this value is greater than or equal to 1.'] }],
    [{ frequency: 1e10 }, { frequency: ['Ensure this value is less than or equal to 2147483647.'] }],
    [
      { endpoint: `http://host/${'a'.repeat(2048)}` },
      { endpoint: ['Ensure this field has no more than 2048 characters.'] },
    ],
    [{ auth_token: 'a'.repeat(2049) }, { auth_token: ['Ensure this field has no more than 2048 characters.'] }],
    [{ auth_token: 'a b' }, { auth_token: ['Only visible ASCII characters can be sent as a token.'] }],
  ])('is not what is told of the right type: %j', async (given, expected) => {
    expect(await app.call('POST', SCHEDULES, yearly(given))).toMatchObject({ status: 400, body: expected });
  });
});

describe('the mask of a token', () => {
  it('is refused for a new schedule, which has none yet', async () => {
    const reply = await app.call('POST', SCHEDULES, yearly({ auth_token: ' ******** ', frequency: 4712 }));
    expect(reply).toMatchObject({
      status: 400,
      body: { auth_token: [expect.stringContaining('Give the token itself')] },
    });
    expect((await app.call('GET', `${SCHEDULES}?frequency=4712`)).body.count).toBe(0);
  });

  it('is named among the other faults', async () => {
    const reply = await app.call('POST', SCHEDULES, yearly({ auth_token: '********', endpoint: 'x' }));
    expect(Object.keys(reply.body as object).sort()).toEqual(['auth_token', 'endpoint']);
  });

  it.each(['*******', '*********'])('is not %s, which is a token like any other', async (auth_token) => {
    expect((await app.creates(yearly({ auth_token }))).auth_token).toBe('********');
  });
});

describe('two names of one field', () => {
  it.each([
    [{ interval_definition: null, inteval_definition: '1 hours' }, '1 hours'],
    [{ interval_definition: '1 hours', inteval_definition: null }, '1 hours'],
    [{ interval_definition: '', inteval_definition: ' 1 hours ' }, '1 hours'],
    [{ interval_definition: '1 hours', inteval_definition: '1 hours' }, '1 hours'],
  ])('of which one is set mean that one: %j', async (fields, interval) => {
    const created = await app.creates({ endpoint: ENDPOINT, ...fields });
    expect(created.interval_definition).toBe(interval);
    const changed = pathOf(await app.creates(yearly({})));
    expect((await app.call('PATCH', changed, fields)).body).toMatchObject({
      cron_definition: null,
      interval_definition: interval,
    });
  });

  it('that are both set and differ are refused', async () => {
    const fields = { interval_definition: '1 hours', inteval_definition: '2 hours', cron_definition: null };
    expect(await app.call('POST', SCHEDULES, { endpoint: ENDPOINT, ...fields })).toMatchObject({
      status: 400,
      body: { interval_definition: [expect.stringContaining('differ') as string] },
    });
  });
});
