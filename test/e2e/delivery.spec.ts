import { describe, expect, it } from 'vitest';
import { aSchedule, startApp } from '../support/app.js';
import { queueDeliveries } from '../support/deliveries.js';
import { startSink } from '../support/sink.js';

describe('a due schedule', () => {
  it('is POSTed to its endpoint with the headers of the contract and the payload exactly as given', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    const payload = '{"b": 1.0, "10": 9007199254740993, "2": "żółw 🐢", "a": [1e2, -0.0, {"z":null}]}';
    const schedule = await app.creates(
      `{"endpoint": "${sink.url}?q=1", "interval_definition": "1 seconds", "auth_token": "s3cret", "payload": ${payload}}`,
    );

    const [arrival] = await sink.received(1);

    expect(arrival?.body).toBe(payload);
    expect(arrival?.path).toBe('/hook?q=1');
    expect(arrival?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Token s3cret',
      'x-schedule-id': schedule.id,
      'x-attempt': '1',
      'user-agent': expect.stringMatching(/^seed-scheduler\/\d/) as string,
    });
    expect(arrival?.headers['x-scheduled-for']).toBe(schedule.next_send_at);
    const shown = await app.call('GET', `/api/v1/schedule/${schedule.id}/`);
    expect(shown.text).toContain(`"payload":${payload}`);
  });

  it('keeps the pace of an interval of one second for ten seconds, each tick once', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    await app.creates(aSchedule({ endpoint: sink.url }));

    const arrivals = await sink.received(10);

    const ticks = arrivals.map(({ headers }) => Date.parse(String(headers['x-scheduled-for'])));
    expect(ticks).toEqual(ticks.map((_, i) => (ticks[0] ?? 0) + i * 1000));
    for (const [i, { at }] of arrivals.entries()) expect(at).toBeGreaterThanOrEqual(ticks[i] ?? 0);
    expect(new Set(arrivals.map(({ headers }) => headers['idempotency-key'])).size).toBe(10);
  });

  it('fires a crontab of every minute at the minute', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    const { next_send_at } = await app.creates({ endpoint: sink.url, cron_definition: '* * * * *' });

    const [arrival] = await sink.received(1, 65_000);

    const minute = Date.parse(next_send_at as string);
    expect(minute % 60_000).toBe(0);
    expect(arrival?.at).toBeGreaterThanOrEqual(minute);
    expect(arrival?.at).toBeLessThan(minute + 1000);
  });
});

describe('a failing endpoint', () => {
  it('is tried again after the backoff with the same idempotency key, then recorded as delivered', async () => {
    await using app = await startApp();
    await using sink = await startSink([500, 200]);
    const { id } = await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));

    const [first, second] = await sink.received(2);

    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
    expect([first?.headers['x-attempt'], second?.headers['x-attempt']]).toEqual(['1', '2']);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(2000);
    const history = await app.eventually(
      `/api/v1/schedule/${id}/deliveries/`,
      (body) => body.results[0]?.outcome === 'delivered',
    );
    expect(history.count).toBe(1);
    expect(history.results[0]).toMatchObject({
      id: first?.headers['idempotency-key'],
      attempts: [
        { attempt: 1, status: 500 },
        { attempt: 2, status: 200, response: 'ok' },
      ],
    });
  });

  it('gets the delivery when it is up again', async () => {
    await using app = await startApp();
    const down = await startSink();
    await down[Symbol.asyncDispose]();
    const { id } = await app.creates(aSchedule({ endpoint: down.url, frequency: 1 }));
    await app.eventually(`/api/v1/schedule/${id}/deliveries/`, (body) => body.count === 1);
    await using up = await startSink([200], down.port);

    const [arrival] = await up.received(1);

    expect(arrival?.headers['x-attempt']).not.toBe('1');
    const path = `/api/v1/schedule/${id}/deliveries/`;
    const history = await app.eventually(path, (body) => body.results[0]?.outcome === 'delivered');
    expect(history.results[0].attempts[0]).toMatchObject({ status: null, error: 'connection_error' });
  });

  it('waits as long as Retry-After asks', async () => {
    await using app = await startApp();
    await using sink = await startSink([{ status: 503, headers: { 'retry-after': '5' } }, 200]);
    await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));

    const [first, second] = await sink.received(2);

    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(4900);
  });

  it('ends as a failed task, which is delivered under its old id when it is requeued', async () => {
    await using app = await startApp({ DELIVERY_MAX_ATTEMPTS: '1' });
    await using sink = await startSink([404, 200]);
    const { id, url } = await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));
    const failed = await app.eventually('/api/v1/failed-tasks/', (body) => body.count === 1);
    const [task] = failed.results;
    expect(task).toMatchObject({ schedule: url, attempts: 1, status: 404 });

    const reply = await app.call('POST', `/api/v1/failed-tasks/${task.id}/requeue/`);
    const [first, second] = await sink.received(2);

    expect(reply).toMatchObject({ status: 201, body: { requeued_failed_tasks: true } });
    expect(second?.headers).toMatchObject({ 'idempotency-key': first?.headers['idempotency-key'], 'x-attempt': '2' });
    const path = `/api/v1/schedule/${id}/deliveries/`;
    await app.eventually(path, (body) => body.results[0]?.outcome === 'delivered');
    expect((await app.call('GET', '/api/v1/failed-tasks/')).body.count).toBe(0);
  });

  it('is listed with the fields that the replaced service had, and again when it fails after it was requeued', async () => {
    await using app = await startApp({ DELIVERY_MAX_ATTEMPTS: '1' });
    await using sink = await startSink([500, { status: 404, hangs: true }]);
    const { id } = await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));
    const deliveries = `/api/v1/schedule/${id}/deliveries/`;
    const listed = async (reason: string) => {
      const { results } = await app.eventually('/api/v1/failed-tasks/', (body) => body.results[0]?.reason === reason);
      const history = (await app.call('GET', deliveries)).body.results[0];
      expect(results[0]).toMatchObject({
        task_id: history.id,
        delivery_id: history.id,
        initiated_at: history.attempts.at(-1).started_at,
        status: history.attempts.at(-1).status,
      });
      const path = `/api/v1/failed-tasks/${results[0].id}/`;
      expect((await app.call('GET', path)).body).toEqual(results[0]);
      return `${path}requeue/`;
    };

    const requeue = await listed('The endpoint responded with 500 Internal Server Error.');
    expect((await app.call('POST', requeue)).status).toBe(201);
    await sink.received(2);
    await sink[Symbol.asyncDispose]();
    await listed('The connection to the endpoint failed.');
  });

  it('is listed as begun when it failed, where the history has nothing of it', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { id } = await app.creates(aSchedule({}));
    await app.database.query(
      `INSERT INTO failed_tasks (schedule_id, scheduled_for, attempts) VALUES ($1, '2026-01-01T08:00:00Z', 3)`,
      [id],
    );
    const { results } = (await app.call('GET', '/api/v1/failed-tasks/')).body;
    expect(results[0]).toMatchObject({ initiated_at: results[0].failed_at, reason: 'No reason was recorded.' });
  });

  it('is not followed when it redirects', async () => {
    await using app = await startApp({ DELIVERY_MAX_ATTEMPTS: '1' });
    await using other = await startSink();
    await using sink = await startSink([{ status: 302, headers: { location: other.url } }]);
    await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));

    await app.eventually('/api/v1/failed-tasks/', (body) => body.results[0]?.status === 302);

    expect(other.arrivals).toEqual([]);
  });

  it('that hangs is given up after the timeout and holds up nobody else', async () => {
    await using app = await startApp({ DEFAULT_REQUEST_TIMEOUT: '1', DELIVERY_MAX_ATTEMPTS: '1' });
    await using hanging = await startSink([{ status: 200, hangs: true }]);
    await using healthy = await startSink();
    const { id } = await app.creates(aSchedule({ endpoint: hanging.url, frequency: 1 }));
    await app.creates(aSchedule({ endpoint: healthy.url }));

    await healthy.received(3);

    const path = `/api/v1/schedule/${id}/deliveries/`;
    const history = await app.eventually(path, (body) => body.results[0]?.outcome === 'failed');
    expect(history.results[0].attempts).toMatchObject([{ error: 'timeout', status: null }]);
  });
});

describe('deliveries that end without a POST', () => {
  it('do not hold up those behind them, however many there are', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    // Of schedules that are gone, and due before the other one.
    await queueDeliveries(app.database, 2000, new URL(sink.url).origin);
    await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));

    await sink.received(1);

    const cancelled = () => app.database.query(`SELECT FROM attempts WHERE outcome = 'cancelled'`);
    await expect.poll(cancelled, { timeout: 10_000 }).toHaveLength(2000);
  });
});
