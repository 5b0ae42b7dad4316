import { describe, expect, it } from 'vitest';
import { aSchedule, startApp } from '../support/app.js';
import { startSink } from '../support/sink.js';

const OPEN = '/api/v1/origins/?breaker=open';

describe('an origin that fails ten times in a row', () => {
  it('is left alone, without using up attempts, until a probe is answered; others are not touched', async () => {
    await using app = await startApp();
    await using broken = await startSink([500]);
    await using healthy = await startSink();
    const origin = new URL(broken.url).origin;
    for (let i = 0; i < 12; i++) await app.creates(aSchedule({ endpoint: broken.url, frequency: 5 }));
    await app.creates(aSchedule({ endpoint: healthy.url }));

    const open = await app.eventually(OPEN, ({ count }) => count === 1);
    expect(open.results).toMatchObject([{ origin, breaker: 'open', opened_at: expect.any(String) as string }]);
    expect(open.results[0].failures_in_row).toBeGreaterThanOrEqual(10);
    expect((await app.call('GET', '/metrics')).text).toContain('seed_scheduler_open_origins 1');
    // Whatever was in flight has ended; what comes due meanwhile stays where it is.
    const attempted = broken.arrivals.length;
    await healthy.received(healthy.arrivals.length + 3);
    expect(broken.arrivals.length).toBe(attempted);
    const [waiting] = await app.database.query<{ fresh: number }>(
      'SELECT count(*) FILTER (WHERE attempts = 0)::int AS fresh FROM deliveries',
    );
    expect(waiting?.fresh).toBeGreaterThan(0);

    broken.answer(200);
    // As if half a minute had passed.
    await app.database.query('UPDATE origins SET probe_at = now() WHERE opened_at IS NOT NULL');

    await app.eventually(OPEN, ({ count }) => count === 0);
    await expect
      .poll(() => app.database.query('SELECT * FROM deliveries'), { timeout: 30_000, interval: 100 })
      .toHaveLength(0);
    expect((await app.call('GET', '/api/v1/failed-tasks/')).body.count).toBe(0);
  });

  it('stays closed when the answers are about single endpoints', async () => {
    await using app = await startApp({ DELIVERY_MAX_ATTEMPTS: '1' });
    await using sink = await startSink([404]);
    for (let i = 0; i < 12; i++) await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));

    await app.eventually('/api/v1/failed-tasks/', ({ count }) => count === 12);

    const { body } = await app.call('GET', '/api/v1/origins/');
    expect(body).toMatchObject({ count: 1, results: [{ breaker: 'closed', failures_in_row: 0, probe_at: null }] });
  });
});

describe('the list of origins', () => {
  it('is for admins, and refuses a state that there is none', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { token } = (await app.call('POST', '/api/v1/user/token/', { email: 'bob@example.org' })).body;

    const asBob = await app.call('GET', '/api/v1/origins/', undefined, { authorization: `Token ${token}` });
    expect(asBob.status).toBe(403);
    const wrong = await app.call('GET', '/api/v1/origins/?breaker=ajar');
    expect([wrong.status, wrong.body]).toEqual([400, { breaker: ['"ajar" is not a valid choice.'] }]);
  });
});
