import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { aSchedule, startApp } from '../support/app.js';
import { createDatabase } from '../support/database.js';
import { startProcess } from '../support/process.js';
import { type Arrival, startSink } from '../support/sink.js';

const ticksOf = (arrivals: Arrival[]) => arrivals.map(({ headers }) => Date.parse(String(headers['x-scheduled-for'])));

describe('a change between two ticks', () => {
  it('of endpoint and payload takes effect at the next one', async () => {
    await using app = await startApp();
    await using before = await startSink();
    await using after = await startSink();
    const { id } = await app.creates(aSchedule({ endpoint: before.url, payload: 'before' }));
    await before.received(1);

    await app.call('PATCH', `/api/v1/schedule/${id}/`, { endpoint: after.url, payload: 'after' });
    const [arrival] = await after.received(1);

    expect(arrival?.body).toBe('"after"');
  });

  it.each([
    ['disabling', 'PATCH', { enabled: false }],
    ['deleting', 'DELETE', undefined],
  ])('that is %s it stops what is still waiting', async (_, method, body) => {
    await using app = await startApp();
    await using sink = await startSink([500]);
    await using clock = await startSink();
    const { id } = await app.creates(aSchedule({ endpoint: sink.url }));
    await sink.received(1);

    await app.call(method, `/api/v1/schedule/${id}/`, body);
    const arrived = sink.arrivals.length;
    await app.creates(aSchedule({ endpoint: clock.url }));
    await clock.received(5);

    // One request may have been in flight.
    expect(sink.arrivals.length).toBeLessThanOrEqual(arrived + 1);
    if (method === 'PATCH') {
      const path = `/api/v1/schedule/${id}/deliveries/`;
      const isVoid = (one: { outcome: string }) => one.outcome === 'cancelled';
      await app.eventually(path, ({ results }) => (results as { outcome: string }[]).every(isVoid));
    }
  });

  it('that enables it again begins with the next tick and backfills nothing', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    const { id } = await app.creates(aSchedule({ endpoint: sink.url, enabled: false }));
    await using clock = await startSink();
    await app.creates(aSchedule({ endpoint: clock.url }));
    await clock.received(3);

    const { body } = await app.call('PATCH', `/api/v1/schedule/${id}/`, { enabled: true });
    const arrivals = await sink.received(2);

    expect(ticksOf(arrivals)[0]).toBe(Date.parse(body.next_send_at as string));
    expect(ticksOf(arrivals)[0]).toBeGreaterThan(Date.parse(body.updated_at as string));
  });
});

describe('frequency', () => {
  it('is the number of runs in total, after which the schedule is off, its last run delivered', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    const { id } = await app.creates(aSchedule({ endpoint: sink.url, frequency: 2 }));
    const arrivals = await sink.received(2);

    const shown = await app.eventually(`/api/v1/schedule/${id}/`, ({ enabled }) => !enabled);

    expect(shown).toMatchObject({ triggered: 2, next_send_at: null });
    expect(Date.parse(shown.last_run as string)).toBe(ticksOf(arrivals)[1]);
    const again = await app.call('PATCH', `/api/v1/schedule/${id}/`, { enabled: true });
    expect(again).toMatchObject({
      status: 400,
      body: { enabled: [expect.stringContaining('raise frequency') as string] },
    });
    const raised = await app.call('PATCH', `/api/v1/schedule/${id}/`, { enabled: true, frequency: 3 });
    expect(raised.body).toMatchObject({ enabled: true, frequency: 3 });
    await sink.received(3);
    await app.eventually(`/api/v1/schedule/${id}/`, ({ triggered }) => triggered === 3);
  });
});

describe('two processes on one database', () => {
  it('deliver each tick once, and see what was made through the other', async () => {
    await using database = await createDatabase();
    await using one = await startProcess({ DATABASE_URL: database.url });
    await using other = await startProcess({ DATABASE_URL: database.url });
    await using sink = await startSink();

    for (let i = 0; i < 20; i++) {
      const { status } = await [one, other][i % 2].call('POST', '/api/v1/schedule/', aSchedule({ endpoint: sink.url }));
      expect(status).toBe(201);
    }
    const arrivals = await sink.received(100);

    const keys = arrivals.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(100);
    expect([await one.end('SIGTERM'), await other.end('SIGINT')]).toEqual([0, 0]);
  });
});

describe('a restart of the process', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('by %s loses no tick of an interval', async (signal) => {
    await using database = await createDatabase();
    await using sink = await startSink();
    const first = await startProcess({ DATABASE_URL: database.url });
    await first.call('POST', '/api/v1/schedule/', aSchedule({ endpoint: sink.url }));
    await sink.received(2);

    await first.end(signal);
    await using _second = await startProcess({ DATABASE_URL: database.url });
    const arrived = sink.arrivals.length;
    await sink.received(arrived + 5);

    const ticks = [...new Set(ticksOf(sink.arrivals))].sort((a, b) => a - b);
    // The one in flight at a kill comes back when its lease has run out; all others are there.
    const gaps = ticks.filter((tick, i) => i > 0 && tick - (ticks[i - 1] ?? 0) !== 1000);
    expect(gaps.length).toBeLessThanOrEqual(signal === 'SIGKILL' ? 1 : 0);
    if (signal === 'SIGTERM') expect(new Set(ticksOf(sink.arrivals)).size).toBe(sink.arrivals.length);
  });
});

describe('a wrong environment', () => {
  it('stops the start with one message that names every fault and no value', async () => {
    const start = startProcess({
      DATABASE_URL: 'mysql://secret',
      PORT: 'http',
      DELIVERY_MAX_ATTEMPT: '3',
      SECRET_KEY: '',
    });

    const message = await start.then(String, (error: Error) => error.message);

    expect(message).toContain('PORT must be a whole number');
    expect(message).toContain('DATABASE_URL must be a postgres');
    expect(message).toContain('SECRET_KEY must be set');
    expect(message).toContain('did you mean DELIVERY_MAX_ATTEMPTS?');
    expect(message).not.toMatch(/secret\b|mysql:/);
  });
});

describe('the push of metrics', () => {
  it('sends what was counted as numbers, with basic auth, and the same count only once', async () => {
    const pushes: { url?: string; auth?: string; body: Record<string, number> }[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const body = JSON.parse(text) as Record<string, number>;
        pushes.push({ url: request.url, auth: request.headers.authorization, body });
        response.writeHead(201).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await using app = await startApp({
      METRICS_URL: `http://127.0.0.1:${port}`,
      METRICS_AUTH_USER: 'user',
      METRICS_AUTH_PASSWORD: 'password',
    });
    await app.creates(aSchedule({ interval_definition: '1 days' }));
    const pushed = async (count: number) => {
      await app.eventually('/api/metrics/', () => pushes.length >= count);
      return pushes[count - 1];
    };

    const reply = await app.call('POST', '/api/metrics/');
    const first = await pushed(1);
    await app.call('POST', '/api/metrics/');
    const second = await pushed(2);
    server.close();

    expect(reply).toMatchObject({ status: 200, body: { scheduled_metrics_initiated: true } });
    expect(first?.url).toBe('/metrics/');
    expect(first?.auth).toBe(`Basic ${Buffer.from('user:password').toString('base64')}`);
    expect(first?.body).toMatchObject({ 'schedules.created.sum': 1, 'schedules.enabled.last': 1 });
    expect(second?.body).toMatchObject({ 'schedules.created.sum': 0, 'schedules.enabled.last': 1 });
  });
});

describe('a replica without the API', () => {
  it('answers probes and metrics, and 404 for the rest', async () => {
    await using app = await startApp({ ROLES: 'worker,scheduler' });
    const statuses = await Promise.all(
      ['/health', '/health/ready', '/metrics', '/api/v1/schedule/'].map(
        async (path) => (await app.call('GET', path)).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 200, 404]);
  });

  it('does not answer for the API either where its path is spelt in another way', async () => {
    await using app = await startApp({ ROLES: 'worker,scheduler' });
    const known = await app.call('GET', '/%61pi/v1/user/');
    const unknown = await app.call('PUT', '/%61pi/v1/user/');
    expect([known.status, unknown.status]).toEqual([404, 404]);
  });
});
