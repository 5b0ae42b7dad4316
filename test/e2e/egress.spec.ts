import { describe, expect, it } from 'vitest';
import { aSchedule, startApp } from '../support/app.js';
import { createDatabase } from '../support/database.js';
import { startListeners } from '../support/listeners.js';
import { startSink } from '../support/sink.js';

const NOT_PERMITTED = { status: 400, body: { endpoint: ['This address is not permitted.'] } };
const LOCAL = ['127.0.0.1', '::1'];
const NOBODY = { '127.0.0.1': 0, '::1': 0 };

describe('a schedule to a refused address', () => {
  it('is refused with one and the same message when it is made or its endpoint is changed', async () => {
    await using app = await startApp({ EGRESS_ALLOW: '' });
    const { url } = await app.creates(aSchedule({ endpoint: 'http://receiver.test/' }));
    const path = new URL(url as string).pathname;
    const hosts = [
      ...['127.0.0.1', '2130706433', '0x7f.1', '0177.1', '127.1', '０x7f.1', '0', 'localhost', 'a.localhost.', '[::1]'],
      ...['[::ffff:169.254.169.254]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '169.254.169.254'],
      ...[
        '[2001:0:4136:e378:8000:63bf:80ff:fffe]',
        '168.63.129.16',
        '224.0.0.1',
        '192.0.2.1',
        '[fe80::1]',
        '[ff02::1]',
      ],
    ];

    for (const host of hosts) {
      const endpoint = `http://${host}:9/`;
      const created = await app.call('POST', '/api/v1/schedule/', aSchedule({ endpoint }));
      expect({ host, ...created }).toMatchObject({ host, ...NOT_PERMITTED });
      for (const method of ['PATCH', 'PUT'])
        expect(await app.call(method, path, { endpoint })).toMatchObject(NOT_PERMITTED);
    }

    for (const host of ['[fe80::1%25eth0]', '[::1%25lo]', '127.0.0.256', '127.0.0.1／a.test']) {
      const { status, body } = await app.call('POST', '/api/v1/schedule/', aSchedule({ endpoint: `http://${host}/` }));
      expect({ host, status, body }).toEqual({ host, status: 400, body: { endpoint: ['Enter a valid URL.'] } });
    }
    expect((await app.call('GET', '/api/v1/schedule/')).body).toMatchObject({ count: 1 });
    expect((await app.call('GET', path)).body).toMatchObject({ endpoint: 'http://receiver.test/' });
  });

  it('may go to private networks, until they are closed but for an exception', async () => {
    await using open = await startApp();
    await using closed = await startApp({ EGRESS_DENY: 'private', EGRESS_ALLOW: '10.20.0.0/16' }, open.database);
    const endpoints = ['http://10.1.2.3/', 'http://192.168.1.1/', 'http://[fd00::1]/', 'http://10.20.30.40/'];
    const statuses = async ({ call }: typeof open) => {
      const answers = endpoints.map((endpoint) =>
        call('POST', '/api/v1/schedule/', aSchedule({ endpoint, interval_definition: '1 days' })),
      );
      return (await Promise.all(answers)).map(({ status }) => status);
    };

    expect(await statuses(open)).toEqual([201, 201, 201, 201]);
    expect(await statuses(closed)).toEqual([400, 400, 400, 201]);
  });

  it('that was made before fails at the attempt, with one and the same error, and is tried again', async () => {
    await using database = await createDatabase();
    await using local = await startListeners(LOCAL);
    const endpoints = [
      `http://127.0.0.1:${local.port}/`,
      `https://[::1]:${local.port}/`,
      `http://localhost:${local.port}/`,
    ];
    const before = await startApp({ ROLES: 'api' }, database);
    const schedules = [];
    for (const endpoint of endpoints) schedules.push(await before.creates(aSchedule({ endpoint, frequency: 1 })));
    await before[Symbol.asyncDispose]();

    await using app = await startApp({ EGRESS_ALLOW: '', DELIVERY_MAX_ATTEMPTS: '2' }, database);

    for (const { id } of schedules) {
      const path = `/api/v1/schedule/${id}/deliveries/`;
      const { results } = await app.eventually(path, ({ results: [first] }) => first?.outcome === 'failed');
      const refused = { status: null, error: 'address_refused', response: 'This address is not permitted.' };
      expect(results[0].attempts).toMatchObject([refused, refused]);
    }
    expect(await local.connections()).toEqual(NOBODY);
  });

  it('does not open the circuit breaker of its origin: deliveries fail visibly instead of waiting', async () => {
    await using database = await createDatabase();
    const before = await startApp({ ROLES: 'api' }, database);
    for (let i = 0; i < 12; i++) await before.creates(aSchedule({ endpoint: 'http://127.0.0.1:9/', frequency: 4 }));
    await before[Symbol.asyncDispose]();

    await using app = await startApp({ EGRESS_ALLOW: '', DELIVERY_MAX_ATTEMPTS: '1' }, database);

    await app.eventually('/api/v1/failed-tasks/', ({ count }) => count === 48);
    expect((await app.call('GET', '/api/v1/origins/?breaker=open')).body).toMatchObject({ count: 0 });
  });
});

describe('a redirect to a refused address', () => {
  it('is a failed attempt that says so, and nobody is connected to', async () => {
    await using local = await startListeners(LOCAL);
    const location = `http://127.0.0.1:${local.port}/`;
    await using sink = await startSink([{ status: 307, headers: { location }, body: 'secret of the redirect' }, 200]);
    await using app = await startApp();
    const { id } = await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));

    const { results } = await app.eventually(
      `/api/v1/schedule/${id}/deliveries/`,
      ({ results: [first] }) => first?.outcome === 'delivered',
    );

    const redirected = { status: 307, error: null, response: 'A redirect, which is not followed.' };
    expect(results[0].attempts).toMatchObject([redirected, { status: 200 }]);
    expect(await local.connections()).toEqual(NOBODY);
  });
});

describe('the push of metrics', () => {
  it('goes to no refused address either', async () => {
    await using local = await startListeners(LOCAL);
    await using app = await startApp({ METRICS_URL: `http://127.0.0.1:${local.port}`, EGRESS_ALLOW: '' });

    await app.call('POST', '/api/metrics/');
    const failed = `SELECT 1 FROM pgboss.job WHERE name = 'metrics-push' AND output::text LIKE '%not permitted%'`;
    await expect.poll(() => app.database.query(failed), { timeout: 20_000 }).toHaveLength(1);

    expect(await local.connections()).toEqual(NOBODY);
  });
});
