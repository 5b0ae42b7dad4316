import { Client, type Pool } from 'pg';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';

const LIMIT = 5;
const WRONG = { authorization: 'Token 1234567890123456789012345678901234567890' };

/** A service with its own counters, which serves as the one that a test floods. */
function limited(environment: Record<string, string> = {}, shared?: TestApp): Promise<TestApp> {
  return startApp({ ROLES: 'api', RATE_LIMIT_FAILED_AUTH: String(LIMIT), ...environment }, shared?.database);
}

const get = async (app: TestApp, headers: Record<string, string>) =>
  (await app.call('GET', '/api/v1/user/', undefined, headers)).status;

/** Statuses of requests that follow each other. */
async function inTurn(app: TestApp, requests: Record<string, string>[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const headers of requests) statuses.push(await get(app, headers));
  return statuses;
}

const from = (...forwardedFor: string[]) => ({ ...WRONG, 'x-forwarded-for': forwardedFor.join(', ') });
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const failed = times(LIMIT, 401);

describe('a client that fails to authenticate', () => {
  it('is answered 429 instead of 401 beyond the limit, and told when to come again', async () => {
    await using app = await limited();
    expect(await inTurn(app, times(LIMIT, WRONG))).toEqual(failed);

    const refused = await app.call('GET', '/api/v1/user/', undefined, WRONG);

    expect(refused.status).toBe(429);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.body).toEqual({ detail: `Request was throttled. Expected available in ${seconds} seconds.` });
  });

  it('gets no further with many requests at once', async () => {
    await using app = await limited();
    const statuses = await Promise.all(times(100, WRONG).map((headers, i) => get(app, wrong(headers, i))));
    expect(statuses.filter((status) => status === 401)).toHaveLength(LIMIT);
    expect(statuses.filter((status) => status === 429)).toHaveLength(100 - LIMIT);
  });

  it('keeps no valid token out: not one that this replica has never seen, nor one made since, nor probes', async () => {
    await using app = await limited();
    // This replica knows no token yet, as after a restart.
    expect(await inTurn(app, times(LIMIT + 1, WRONG))).toEqual([...failed, 429]);

    expect(await get(app, { authorization: `Token ${ADMIN_TOKEN}` })).toBe(200);
    const { token } = (await app.call('POST', '/api/v1/user/token/', { email: 'new@example.org' })).body;
    expect(await get(app, { authorization: `Token ${token}` })).toBe(200);
    expect(await get(app, WRONG)).toBe(429);
    for (const path of ['/health/live', '/health/ready', '/metrics']) {
      expect((await app.call('GET', path, undefined, WRONG)).status).toBe(200);
    }
  });

  it('keeps no valid token out after an outage of the database', async () => {
    await using app = await limited();
    await app.database.query('ALTER TABLE tokens RENAME TO away');
    const away = await inTurn(app, [...times(LIMIT + 1, WRONG), {}]);
    await app.database.query('ALTER TABLE away RENAME TO tokens');

    // What could not be looked up is no failure of its token.
    expect(new Set(away)).toEqual(new Set([500]));
    expect(await inTurn(app, [{}, ...times(LIMIT + 1, WRONG), {}])).toEqual([200, ...failed, 429, 200]);
  });

  it('takes few connections of the database, however many tokens come at once', async () => {
    await using app = await limited();
    const { nest, database } = app;
    await get(app, {});
    const blocker = new Client({ connectionString: database.url });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE tokens');
    const guesses = Promise.all(times(200, WRONG).map((headers, i) => get(app, wrong(headers, i))));
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(() => database.query(waiting), { timeout: 20_000 }).toHaveLength(4);
    const pool = (nest.get(DataSource).driver as unknown as { master: Pool }).master;
    expect(pool.waitingCount).toBe(0);
    await blocker.query('COMMIT');
    await blocker.end();

    expect(new Set(await guesses)).toEqual(new Set([401, 429]));
  });

  it('is counted, by the reason', async () => {
    await using app = await limited();
    await inTurn(app, [...times(LIMIT + 2, WRONG), { authorization: '' }]);
    const { text } = await app.call('GET', '/metrics');
    expect(text).toContain(`seed_scheduler_failed_authentications_total{reason="invalid"} ${LIMIT}\n`);
    expect(text).toContain('seed_scheduler_failed_authentications_total{reason="throttled"} 2\n');
    expect(text).toContain('seed_scheduler_failed_authentications_total{reason="missing"} 1\n');
  });

  it('is not limited when the limit is off', async () => {
    await using app = await limited({ RATE_LIMIT_FAILED_AUTH: '0' });
    expect(await inTurn(app, times(LIMIT + 1, WRONG))).toEqual([...failed, 401]);
  });
});

describe('the address of a client', () => {
  it('is that of the connection, whatever X-Forwarded-For says, where no proxy is trusted', async () => {
    await using app = await limited();
    const spoofed = Array.from({ length: LIMIT + 1 }, (_, i) => from(`203.0.113.${i}`));
    expect(await inTurn(app, spoofed)).toEqual([...failed, 429]);
  });

  it('is that of the connection where only other proxies are trusted', async () => {
    await using app = await limited({ TRUST_PROXY: '10.0.0.0/8' });
    const spoofed = Array.from({ length: LIMIT + 1 }, (_, i) => from(`203.0.113.${i}`));
    expect(await inTurn(app, spoofed)).toEqual([...failed, 429]);
  });

  it('is the last one that no trusted proxy has, however many hops there are and whatever the client puts before', async () => {
    await using app = await limited({ TRUST_PROXY: '127.0.0.1, 10.0.0.0/8' });
    const spoofed = Array.from({ length: LIMIT + 1 }, (_, i) => from(`198.51.100.${i}`, '203.0.113.7', '10.0.0.2'));
    expect(await inTurn(app, spoofed)).toEqual([...failed, 429]);
    expect(await get(app, from('203.0.113.8', '10.0.0.2'))).toBe(401);
    expect(await get(app, from('203.0.113.7'))).toBe(429);
  });

  it('of IPv6 is its network of 64 bits, and an IPv4 address in IPv6 that IPv4 address', async () => {
    await using app = await limited({ TRUST_PROXY: '127.0.0.1' });
    const neighbours = Array.from({ length: LIMIT + 1 }, (_, i) => from(`2001:db8:0:1:${i}::${i}`));
    expect(await inTurn(app, neighbours)).toEqual([...failed, 429]);
    expect(await get(app, from('2001:db8:0:2::1'))).toBe(401);
    const mapped = Array.from({ length: LIMIT + 1 }, (_, i) => from(i % 2 ? '192.0.2.1' : '::ffff:192.0.2.1'));
    expect(await inTurn(app, mapped)).toEqual([...failed, 429]);
  });

  it('is the proxy’s own where it forwards what is no address', async () => {
    await using app = await limited({ TRUST_PROXY: '127.0.0.1' });
    const nonsense = Array.from({ length: LIMIT + 1 }, (_, i) => from(`unknown-${i}`));
    expect(await inTurn(app, nonsense)).toEqual([...failed, 429]);
  });
});

describe('a token', () => {
  it('may make so many requests a minute on any routes, others as many of their own', async () => {
    await using app = await limited({ RATE_LIMIT_PER_TOKEN: '4' });
    const bearerOf = async (email: string) => {
      const { token } = (await app.call('POST', '/api/v1/user/token/', { email })).body;
      return { authorization: `Token ${token}` };
    };
    const ann = await bearerOf('ann@example.org');
    const bob = await bearerOf('bob@example.org');

    expect(await inTurn(app, times(2, ann))).toEqual([200, 200]);
    expect((await app.call('GET', '/api/health/', undefined, ann)).status).toBe(200);
    expect((await app.call('POST', '/api/v1/schedule/', {}, ann)).status).toBe(400);
    const refused = await app.call('GET', '/api/v1/group/', undefined, ann);

    expect(refused).toMatchObject({
      status: 429,
      body: { detail: expect.stringMatching(/^Request was throttled\. Expected available in \d+ seconds?\.$/) },
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await get(app, bob)).toBe(200);
    expect((await app.call('GET', '/metrics', undefined, ann)).status).toBe(200);
  });

  it('is not limited by default', async () => {
    await using app = await limited();
    const statuses = await Promise.all(times(200, {}).map((headers) => get(app, headers)));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});

describe('the OpenAPI description', () => {
  it('has 401 and 429 on every route that needs a token', async () => {
    await using app = await limited();
    const { paths } = (await app.call('GET', '/docs-json')).body as {
      paths: Record<string, Record<string, { responses: object; security: object[] }>>;
    };
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { responses, security }] of Object.entries(methods)) {
        if (security.length > 0)
          expect(Object.keys(responses), `${method} ${path}`).toEqual(expect.arrayContaining(['401', '429']));
      }
    }
  });
});

function wrong(headers: Record<string, string>, i: number): Record<string, string> {
  return { authorization: `${headers.authorization}${i}` };
}
