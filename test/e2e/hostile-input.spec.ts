import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';

const ENDPOINT = 'http://127.0.0.1:9/hook';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

let app: TestApp;
let schedulePath: string;

beforeAll(async () => {
  app = await startApp({ ROLES: 'api' });
  const { id } = await app.creates({ endpoint: ENDPOINT, cron_definition: '@yearly' });
  schedulePath = `/api/v1/schedule/${id}/`;
});

afterAll(() => app[Symbol.asyncDispose]());

/** Routes with a text field each, and what else they need. */
const writing = () =>
  [
    ['POST', '/api/v1/user/token/', 'email', {}],
    ['POST', '/api/v1/group/', 'name', {}],
    ['PUT', '/api/v1/group/1/', 'name', {}],
    ['POST', '/api/v1/user/1/token/', 'label', {}],
    ['POST', '/api/v1/user/1/token/', 'expires_at', {}],
    ['POST', '/api/v1/schedule/', 'endpoint', { cron_definition: '@yearly' }],
    ['POST', '/api/v1/schedule/', 'cron_definition', { endpoint: ENDPOINT }],
    ['POST', '/api/v1/schedule/', 'interval_definition', { endpoint: ENDPOINT }],
    ['POST', '/api/v1/schedule/', 'auth_token', { endpoint: ENDPOINT, cron_definition: '@yearly' }],
    ['PUT', schedulePath, 'endpoint', {}],
    ['PATCH', schedulePath, 'auth_token', {}],
  ] as const;

const reading = () => [
  '/api/v1/user/',
  '/api/v1/user/1/token/',
  '/api/v1/group/',
  '/api/v1/schedule/',
  `${schedulePath}deliveries/`,
  '/api/v1/failed-tasks/',
  '/api/v1/origins/',
];

describe('a body', () => {
  it.each([
    ['a NUL', '"a\\u0000b"'],
    ['a lone surrogate', '"a\\ud800"'],
    ['a number beyond a double', '1e309'],
    ['an object with a __proto__', '{"__proto__": {"isAdmin": true}}'],
    ['a list', '["a"]'],
    ['deep nesting', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ])('with %s in a text field is refused with 400 by every route', async (_, value) => {
    for (const [method, path, field, others] of writing()) {
      const members = [...Object.entries(others).map(([name, other]) => `"${name}":"${other}"`), `"${field}":${value}`];
      const reply = await app.call(method, path, `{${members.join()}}`);
      expect(reply.status, `${method} ${path} ${field}: ${reply.text}`).toBe(400);
    }
  });

  it.each([
    ['a member __proto__', '{"__proto__": {"isAdmin": true}}', {}, 400],
    ['a member __proto__, as a form', '__proto__=x', FORM, 400],
    ['a NUL, as a form', 'name=%00&email=%00&label=%00&endpoint=%00', FORM, 400],
    ['a list at its top', '[]', {}, 400],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), { 'content-type': 'application/json' }, 400],
    ['more than 256 KiB', `{"a": "${'x'.repeat(256 * 1024)}"}`, {}, 413],
    ['another media type', '<a/>', { 'content-type': 'text/xml' }, 415],
  ])('with %s is refused by every route', async (_, body, headers, status) => {
    for (const [method, path] of writing()) {
      const response = await fetch(app.url + path, {
        method,
        body,
        headers: { authorization: `Token ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
      });
      expect(response.status, `${method} ${path}: ${await response.text()}`).toBe(status);
    }
  });

  it('of exactly 256 KiB is read', async () => {
    const frame = '{"name": "large enough", "a": ""}';
    const body = frame.replace('""', `"${'x'.repeat(256 * 1024 - frame.length)}"`);
    expect((await app.call('POST', '/api/v1/group/', body)).status).toBe(201);
  });

  it('of a hundred thousand groups is an input like any other', async () => {
    const { body: group } = await app.call('POST', '/api/v1/group/', { name: 'Many times over' });
    const reply = await app.call('PUT', '/api/v1/user/1/', { groups: Array<number>(100_000).fill(group.id as number) });
    expect(reply).toMatchObject({ status: 200, body: { groups: [group.url] } });
  });

  it('of tens of thousands of unknown fields holds nobody up', async () => {
    const names = Array.from({ length: 46_000 }, (_, i) => i.toString(36).padStart(3, 'x'));
    const elapsed = async (body: string) => {
      const before = process.cpuUsage();
      const reply = await app.call('POST', '/api/v1/schedule/', body, FORM);
      expect(reply.body).toEqual({ endpoint: ['This field is required.'] });
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    await elapsed('a=');
    // Of the same size, to be read alike.
    const plain = await elapsed(`a=${'x'.repeat(180_000)}`);
    expect(await elapsed(names.join('&'))).toBeLessThan(plain + 400_000);
  });

  it('has names of Object’s own taken for unknown fields, no more', async () => {
    const body =
      '{"name": "plain", "constructor": {"prototype": {"isAdmin": true}}, "toString": 1, "hasOwnProperty": 1}';
    const reply = await app.call('POST', '/api/v1/group/', body);
    expect(reply.status).toBe(201);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it.each([
    [100, 201],
    [101, 400],
  ])('with a payload of %i levels is answered with %i', async (depth, status) => {
    const payload = '['.repeat(depth) + ']'.repeat(depth);
    const body = `{"endpoint": "${ENDPOINT}", "cron_definition": "@yearly", "payload": ${payload}}`;
    expect((await app.call('POST', '/api/v1/schedule/', body)).status).toBe(status);
  });

  it('with a payload given twice means the last one, in what is kept and in what is shown', async () => {
    const schedule = await app.creates(
      `{"endpoint": "${ENDPOINT}", "cron_definition": "@yearly", "payload": 1, "payload": {"last": 1.0}}`,
    );
    expect((await app.call('GET', `/api/v1/schedule/${schedule.id}/`)).text).toContain('"payload":{"last": 1.0}');
  });

  it('has no token taken from it', async () => {
    const credentials = { access_token: ADMIN_TOKEN, token: ADMIN_TOKEN, name: 'x' };
    const reply = await app.call('POST', '/api/v1/group/', credentials, { authorization: '' });
    expect(reply.status).toBe(401);
  });
});

describe('a query string', () => {
  it.each([
    ['endpoint=%00', 400],
    ['cron_definition=a%0d%0ab', 400],
    ['a=%7F', 400],
    ['%00=a', 400],
    ['__proto__=1', 400],
    ['%5f_proto__=1', 400],
    ['limit=1e309&offset=-1', 200],
    ['limit=999999999999&offset=999999999999', 200],
    ['limit=1&limit=2&offset[]=3', 200],
    ['a=%ed%a0%80', 200],
    ['a=%zz%', 200],
    ['constructor=1&toString=2&__proto__[a]=1', 200],
    [`access_token=${ADMIN_TOKEN}`, 200],
  ])('of %s is answered with %i by every list', async (query, status) => {
    for (const path of reading()) {
      const reply = await app.call('GET', `${path}?${query}`);
      expect(reply.status, `${path}: ${reply.text}`).toBe(status);
    }
  });

  it('is a value, whatever SQL it looks like', async () => {
    const sql = encodeURIComponent(`x' OR 'x' = 'x`);
    const queries = ['endpoint', 'cron_definition', 'interval_definition'].map((name) => `schedule/?${name}=${sql}`);
    expect((await app.call('GET', '/api/v1/schedule/')).body.count).toBeGreaterThan(0);
    for (const query of [...queries, `audit/?target=user/${sql}`]) {
      expect(await app.call('GET', `/api/v1/${query}`), query).toMatchObject({ status: 200, body: { count: 0 } });
    }
    const name = `'); DROP TABLE groups; --`;
    expect(await app.call('POST', '/api/v1/group/', { name })).toMatchObject({ status: 201, body: { name } });
  });

  it('has no token taken from it', async () => {
    for (const name of ['access_token', 'token', 'auth_token', 'authorization']) {
      const reply = await app.call('GET', `/api/v1/user/?${name}=${ADMIN_TOKEN}`, undefined, { authorization: '' });
      expect(reply.status).toBe(401);
    }
  });
});

describe('an id in a path', () => {
  const paths = [
    '/api/v1/user/ID/',
    '/api/v1/user/ID/token/',
    '/api/v1/group/ID/',
    '/api/v1/schedule/ID/',
    '/api/v1/schedule/ID/deliveries/',
    '/api/v1/failed-tasks/ID/',
  ];

  it.each([
    '-1',
    '0',
    '1e3',
    '0x1',
    '1.0',
    '2147483648',
    '99999999999',
    '__proto__',
    'constructor',
    '..%2f1',
    "1'--",
    '١',
  ])('of %s is an unknown one', async (id) => {
    for (const path of paths) {
      const reply = await app.call('GET', path.replace('ID', id));
      expect(reply, path).toMatchObject({ status: 404, body: { detail: 'Not found.' } });
    }
  });

  it('of a thousand digits is an unknown one', async () => {
    for (const path of paths) {
      const reply = await app.call('GET', path.replace('ID', '1'.repeat(1000)));
      expect(reply, path).toMatchObject({ status: 404, body: { detail: 'Not found.' } });
    }
  });

  it.each(['%00', '1%0d%0aX-Injected:%201', '%ed%a0%80', '%zz', '%'])('of %s is refused with 400', async (id) => {
    for (const path of paths) {
      const reply = await app.call('GET', path.replace('ID', id));
      expect(reply, path).toMatchObject({ status: 400, body: { detail: expect.any(String) as string } });
    }
  });
});

describe('a request that is written by hand', () => {
  const authorised = `Authorization: Token ${ADMIN_TOKEN}\r\nConnection: close\r\n`;

  it.each([
    ['a NUL in its token', 'Authorization: Token a\0b', 400],
    ['a CR in its token', 'Authorization: Token a\rb', 400],
    ['an LF in its token', 'Authorization: Token a\nX: b', 400],
    ['two lengths', `${authorised}Content-Length: 1\r\nContent-Length: 2`, 400],
    ['a length and chunks', `${authorised}Content-Length: 1\r\nTransfer-Encoding: chunked`, 400],
    ['20 KB of headers', `X: ${'a'.repeat(20_000)}`, 431],
    ['3,000 headers', 'X: aaaaaaaa\r\n'.repeat(3000) + 'X: a', 431],
  ])('with %s is refused', async (_, headers, status) => {
    const reply = await byHand(`POST /api/v1/group/ HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toEqual({ detail: expect.any(String) as string });
  });

  it.each(['a b', 'a/b', 'user@a', 'a:b:c', 'a?b', '[', 'a<script>', 'é'])(
    'with the host %s gets no links to it',
    async (host) => {
      const reply = await byHand(`GET /api/v1/user/?offset=1 HTTP/1.1\r\nHost: ${host}\r\n${authorised}\r\n`);
      expect(reply.status).toBe(400);
      expect(JSON.parse(reply.body)).toEqual({ detail: 'The host that the request names is not valid.' });
    },
  );

  it.each(['a.example.org', 'a_b:8080', '10.0.0.1:1', '[::1]:3000'])(
    'with the host %s gets links to it',
    async (host) => {
      const reply = await byHand(`GET /api/v1/user/?offset=1 HTTP/1.1\r\nHost: ${host}\r\n${authorised}\r\n`);
      expect(JSON.parse(reply.body)).toMatchObject({ previous: `http://${host}/api/v1/user/?limit=100` });
    },
  );

  it('with a whole URL gets links to the host of its header', async () => {
    const reply = await byHand(`GET http://evil/api/v1/user/?offset=1 HTTP/1.1\r\nHost: good\r\n${authorised}\r\n`);
    expect(JSON.parse(reply.body)).toMatchObject({ previous: 'http://good/api/v1/user/?limit=100' });
  });

  it('without a host is answered by the probes', async () => {
    expect((await byHand('GET /health/live HTTP/1.0\r\n\r\n')).status).toBe(200);
  });

  it('slowly, header by header, is ended after ten seconds, while others are answered', async () => {
    const begun = Date.now();
    const dribbling = Array.from({ length: 20 }, () => byHand('GET /api/v1/user/ HTTP/1.1\r\nHost: x\r\nX: a'));
    expect((await app.call('GET', '/api/v1/user/')).status).toBe(200);

    const replies = await Promise.all(dribbling);

    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 408));
    expect(Date.now() - begun).toBeGreaterThan(9000);
    expect(Date.now() - begun).toBeLessThan(20_000);
  });

  it('with a body that does not end is ended after thirty seconds', async () => {
    const begun = Date.now();
    const headers = `Host: x\r\n${authorised}Content-Type: application/json\r\nContent-Length: 9`;
    const reply = await byHand(`POST /api/v1/group/ HTTP/1.1\r\n${headers}\r\n\r\n{`);
    expect(reply.status).toBe(408);
    expect(Date.now() - begun).toBeGreaterThan(29_000);
    expect(Date.now() - begun).toBeLessThan(40_000);
  }, 45_000);
});

describe('an answer', () => {
  it('tells browsers to run, load and frame nothing', async () => {
    const { headers } = await app.call('GET', '/api/v1/user/');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('strict-transport-security')).toContain('max-age=');
  });

  it('is kept by no cache, least of all one that shows a secret', async () => {
    const answers = await Promise.all([
      app.call('POST', '/api/v1/user/token/', { email: 'ann@example.org' }),
      app.call('POST', '/api/v1/user/1/token/', {}),
      app.call('POST', '/api/v1/user/1/signing-secret/', {}),
      app.call('GET', schedulePath),
      app.call('GET', '/api/v1/nothing/'),
    ]);
    expect(answers.map(({ status, headers }) => [status, headers.get('cache-control')])).toEqual(
      [201, 201, 201, 200, 404].map((status) => [status, 'no-store']),
    );
  });

  it('with the pages of the API’s description lets them load what is theirs, and no script within a page', async () => {
    const { headers, text: page } = await app.call('GET', '/docs');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page).toContain('swagger-ui');
    const scripts = page.match(/<script\b[^>]*>/g) ?? [];
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.filter((script) => !/src=['"]\.?\//.test(script))).toEqual([]);
  });
});

/** Sends bytes as they are, and reads until the service ends the connection. */
async function byHand(request: string): Promise<{ status: number; body: string }> {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(request);
  const reply = await text(socket);
  const [head = '', body = ''] = reply.split(/\r\n\r\n/, 2);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), body };
}
