import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.js';

const DAY_MS = 86_400_000;
const UNKNOWN_USER = '/api/v1/user/2147483647/token/';

let one: TestApp;
let other: TestApp;
/** Two users that are no admins, each with a token of its own. */
let ann: { path: string; headers: Record<string, string>; token: string };
let bob: typeof ann;

beforeAll(async () => {
  one = await startApp({ ROLES: 'api' });
  other = await startApp({ ROLES: 'api' }, one.database);
  ann = await aUser('ann@example.org');
  bob = await aUser('bob@example.org');
});

afterAll(async () => {
  await other[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
});

async function aUser(email: string): Promise<typeof ann> {
  const { token } = (await one.call('POST', '/api/v1/user/token/', { email })).body;
  const users = (await one.call('GET', '/api/v1/user/')).body.results as { id: number; email: string }[];
  const id = users.find((user) => user.email === email)?.id;
  return { path: `/api/v1/user/${id}/token/`, headers: bearing(token as string), token: token as string };
}

function bearing(token: string): Record<string, string> {
  return { authorization: `Token ${token}` };
}

/** What each replica answers to the bearer of a token. */
function statuses(token: string): Promise<number[]> {
  return Promise.all(
    [one, other].map(async (app) => (await app.call('GET', '/api/v1/user/', undefined, bearing(token))).status),
  );
}

describe('a token of a user', () => {
  it.each(['itself', 'an admin'])('is made by %s, and its value shown once', async (who) => {
    const headers = who === 'itself' ? ann.headers : {};
    const expires_at = new Date(Date.now() + DAY_MS).toISOString();

    const made = await one.call('POST', ann.path, { label: ' nightly ', expires_at }, headers);
    const { token, ...details } = made.body;

    expect(made.status).toBe(201);
    expect(token).toMatch(/^[0-9a-f]{48}$/);
    expect(details).toEqual({
      id: expect.any(Number),
      label: 'nightly',
      prefix: token.slice(0, 8),
      created_at: expect.any(String),
      last_used_at: null,
      expires_at,
    });
    expect(made.headers.get('location')).toBe(`${one.url}${ann.path}${details.id}/`);
    expect(made.headers.get('cache-control')).toBe('no-store');
    const listed = await one.call('GET', ann.path, undefined, headers);
    expect(listed.body.results[0]).toEqual(details);
    expect(listed.text).not.toContain(token.slice(8));
    expect(await statuses(token)).toEqual([200, 200]);
  });

  it('needs neither a label nor an expiry', async () => {
    const made = await one.call('POST', bob.path, {}, bob.headers);
    expect(made).toMatchObject({ status: 201, body: { label: null, expires_at: null } });
  });

  it('has no prefix shown where that would leave less than 160 bits unknown', async () => {
    const { results } = (await one.call('GET', ann.path)).body;
    expect(ann.token).toMatch(/^[0-9a-f]{40}$/);
    expect(results.at(-1)).toMatchObject({ prefix: null, label: null });
  });

  it('tells when it was last used, which is written at most once a minute', async () => {
    const { token, id } = (await one.call('POST', bob.path, {}, bob.headers)).body;
    // A new replica has to look the token up, however recently others did.
    const lastUsedAfterUse = async (before: string) => {
      const [row] = await one.database.query<{ was: Date }>(
        'UPDATE tokens SET last_used_at = now() - $2::interval WHERE id = $1 RETURNING last_used_at AS was',
        [id, before],
      );
      await using fresh = await startApp({ ROLES: 'api' }, one.database);
      expect((await fresh.call('GET', '/api/health/', undefined, bearing(token as string))).status).toBe(200);
      const { results } = (await one.call('GET', bob.path)).body as { results: { last_used_at: string }[] };
      return { was: row?.was.toISOString(), is: results[0]?.last_used_at ?? '' };
    };

    const recent = await lastUsedAfterUse('30 seconds');
    expect(recent.is).toBe(recent.was);
    const longAgo = await lastUsedAfterUse('61 seconds');
    expect(Date.now() - Date.parse(longAgo.is)).toBeLessThan(30_000);
  });

  it.each([
    [{ label: '' }, { label: ['This field may not be blank.'] }],
    [{ label: 'x'.repeat(101) }, { label: ['Ensure this field has no more than 100 characters.'] }],
    [{ label: 7 }, { label: [expect.any(String)] }],
    [{ label: 'a\u0000b' }, { label: ['Null characters are not allowed.'] }],
    [{ label: 'a\ud800' }, { label: ['Lone surrogates are no characters.'] }],
    [{ expires_at: 'tomorrow' }, { expires_at: [expect.stringContaining('wrong format')] }],
    [{ expires_at: '2030-01-01T00:00:00' }, { expires_at: [expect.stringContaining('wrong format')] }],
    [{ expires_at: '2031-02-30T00:00:00Z' }, { expires_at: [expect.stringContaining('wrong format')] }],
    [{ expires_at: '9999-12-31T23:59:59-01:00' }, { expires_at: [expect.stringContaining('wrong format')] }],
    [{ expires_at: 4_000_000_000 }, { expires_at: [expect.stringContaining('wrong format')] }],
    [{ expires_at: '2020-01-01T00:00:00Z' }, { expires_at: ['Ensure this value is in the future.'] }],
  ])('with %j is refused, and the field named', async (fields, expected) => {
    expect(await one.call('POST', ann.path, fields)).toMatchObject({ status: 400, body: expected });
  });
});

describe('requests at the same time', () => {
  it('are each answered for their own token, on a replica that knows none of them yet', async () => {
    const bearers = [ann, bob, { path: '/api/v1/user/1/token/', headers: {} }];
    const requests = Array.from({ length: 60 }, (_, i) => ({ own: bearers[i % 3], foreign: bearers[(i + 1) % 3] }));
    await using fresh = await startApp({ ROLES: 'api' }, one.database);

    const replies = await Promise.all(
      requests.map(async ({ own, foreign }) => [
        (await fresh.call('GET', own?.path ?? '', undefined, own?.headers)).status,
        (await fresh.call('GET', foreign?.path ?? '', undefined, own?.headers)).status,
      ]),
    );

    expect(replies).toEqual(requests.map((_, i) => (i % 3 === 2 ? [200, 200] : [200, 404])));
  });
});

describe('the tokens of somebody else', () => {
  it.each([
    ['GET', ''],
    ['POST', ''],
    ['DELETE', ''],
    ['DELETE', '1/'],
  ])('%s %s answers as for an unknown user, and changes nothing', async (method, rest) => {
    const before = await one.call('GET', ann.path);
    const body = method === 'GET' ? undefined : {};
    const foreign = await one.call(method, ann.path + rest, body, bob.headers);
    const unknown = await one.call(method, UNKNOWN_USER + rest, body, bob.headers);

    expect(foreign).toMatchObject({ status: 404, body: { detail: 'Not found.' } });
    expect([unknown.status, unknown.text]).toEqual([foreign.status, foreign.text]);
    expect((await one.call('GET', ann.path)).body).toEqual(before.body);
    expect(await one.call(method, UNKNOWN_USER + rest, body)).toMatchObject({ status: 404 });
  });

  it('are not revoked by way of one’s own path', async () => {
    const { id, token } = (await one.call('POST', ann.path, {})).body;
    expect((await one.call('DELETE', `${bob.path}${id}/`, undefined, bob.headers)).status).toBe(404);
    expect(await statuses(token as string)).toEqual([200, 200]);
  });
});

describe('a token that ends', () => {
  it('by revocation is refused at once where it was revoked, and within five seconds by every replica', async () => {
    const { token, id } = (await one.call('POST', ann.path, { label: 'lost' }, ann.headers)).body;
    expect(await statuses(token as string)).toEqual([200, 200]);

    const revoked = await one.call('DELETE', `${ann.path}${id}/`, undefined, ann.headers);

    expect(revoked.status).toBe(204);
    expect((await statuses(token as string))[0]).toBe(401);
    await expect.poll(() => statuses(token as string), { timeout: 5000 }).toEqual([401, 401]);
    expect((await one.call('DELETE', `${ann.path}${id}/`, undefined, ann.headers)).status).toBe(404);
    expect(await statuses(ann.token)).toEqual([200, 200]);
  });

  it('by expiry is refused from that instant on, also where it has just been accepted', async () => {
    const expiresAt = Date.now() + 1500;
    const input = { expires_at: new Date(expiresAt).toISOString() };
    const { token } = (await one.call('POST', ann.path, input)).body;
    expect(await statuses(token as string)).toEqual([200, 200]);

    await expect.poll(() => statuses(token as string), { interval: 10, timeout: 5000 }).toEqual([401, 401]);

    // Three seconds is what a replica remembers a token that does not expire.
    expect(Date.now() - expiresAt).toBeGreaterThanOrEqual(0);
    expect(Date.now() - expiresAt).toBeLessThan(1000);
    const refused = await other.call('GET', '/api/v1/user/', undefined, bearing(token as string));
    expect(refused.body).toEqual({ detail: 'Invalid token.' });
  });

  it('may be any of its user’s: all of them can be revoked together', async () => {
    const carol = await aUser('carol@example.org');
    const { token } = (await one.call('POST', carol.path, {}, carol.headers)).body;

    expect((await one.call('DELETE', carol.path, {}, carol.headers)).status).toBe(204);

    await expect.poll(() => statuses(token as string), { timeout: 5000 }).toEqual([401, 401]);
    await expect.poll(() => statuses(carol.token), { timeout: 5000 }).toEqual([401, 401]);
    expect((await one.call('GET', carol.path)).body).toMatchObject({ count: 0, results: [] });
    expect(await statuses(bob.token)).toEqual([200, 200]);
  });
});
