import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import { metricFamilies, metricValue } from '../support/metrics.js';
import { startSink } from '../support/sink.js';

const DOCUMENT = new URL('../../docs/observability.md', import.meta.url);

/** The first two columns of the tables of metrics: name and type. */
function documentedMetrics(): Map<string, string> {
  const rows = readFileSync(DOCUMENT, 'utf8').matchAll(
    /^\| `((?:seed_scheduler|nodejs|process)_\w+)` +\| (counter|gauge|histogram|summary) +\|/gm,
  );
  return new Map([...rows].map(([, name, type]) => [name, type]));
}

/** Scrapes until the series has the value. */
async function eventually(app: TestApp, series: string, isThere: (value: number) => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await metricValue(app, series);
    if (value !== undefined && isThere(value)) return;
    if (Date.now() > deadline) throw new Error(`${series} is ${value}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

describe('the metrics', () => {
  it('are those of the table in the documentation, by name and type', async () => {
    await using app = await startApp();

    const shown = await metricFamilies(app);

    expect([...shown].sort()).toEqual([...documentedMetrics()].sort());
  });

  it('are named by the conventions: base units, and counters end in _total', async () => {
    await using app = await startApp();

    const ours = [...(await metricFamilies(app))].filter(([name]) => name.startsWith('seed_scheduler_'));

    expect(ours.length).toBeGreaterThan(15);
    for (const [name, type] of ours) {
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|percent)(_|$)/);
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });

  it('count ticks and attempts, and measure them', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    await app.creates(aSchedule({ endpoint: sink.url }));
    await sink.received(2);

    await eventually(app, 'seed_scheduler_ticks_total{timeliness="on_time"}', (ticks) => ticks >= 2);
    await eventually(app, 'seed_scheduler_attempt_duration_seconds_count', (attempts) => attempts >= 2);
    await eventually(app, 'seed_scheduler_deliveries_total{outcome="delivered"}', (deliveries) => deliveries >= 2);
    await eventually(app, 'seed_scheduler_attempts_in_flight', (inFlight) => inFlight === 0);
    await eventually(app, 'seed_scheduler_notifications_connected', (isConnected) => isConnected === 1);
    expect(await metricValue(app, 'seed_scheduler_database_pool_max_connections')).toBe(20);
    expect(await metricValue(app, 'seed_scheduler_role{role="worker"}')).toBe(1);
  });

  it('show the POST that an endpoint keeps waiting', async () => {
    await using app = await startApp({ DEFAULT_REQUEST_TIMEOUT: '2' });
    await using sink = await startSink([{ status: 200, hangs: true }]);
    await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));
    await sink.received(1);

    expect(await metricValue(app, 'seed_scheduler_attempts_in_flight')).toBe(1);

    await eventually(app, 'seed_scheduler_attempts_total{class="timeout"}', (timeouts) => timeouts === 1);
    expect(await metricValue(app, 'seed_scheduler_attempts_in_flight')).toBe(0);
  });

  it('measure requests by route pattern, so that ids, queries and unknown paths make no new series', async () => {
    await using app = await startApp();
    const { id } = await app.creates(aSchedule({ interval_definition: '1 days' }));
    await app.call('GET', `/api/v1/schedule/${id}/?x=1`);
    await app.call('GET', '/api/v1/schedule/01a20c4e-3be5-750a-b2f1-088a8a935add/');
    for (const path of ['/a', '/b/c', '/wp-login.php']) await app.call('GET', path);

    const count = (labels: string) => metricValue(app, `seed_scheduler_http_request_duration_seconds_count{${labels}}`);

    expect(await count('method="GET",route="/api/v1/schedule/:id",status="2xx"')).toBe(1);
    expect(await count('method="GET",route="/api/v1/schedule/:id",status="4xx"')).toBe(1);
    expect(await count('method="GET",route="unknown",status="4xx"')).toBe(3);
  });
});
