import { describe, expect, it } from 'vitest';
import { aSchedule, startApp } from '../support/app.js';
import { type CollectedSpan, startCollector } from '../support/collector.js';
import { startListeners } from '../support/listeners.js';
import { startSink } from '../support/sink.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const hex = (uuid: unknown) => String(uuid).replaceAll('-', '');
const idsOf = ({ traceId, spanId }: CollectedSpan) => ({ traceId, spanId });

describe('traces', () => {
  it('lead from the request that made a schedule to its deliveries and back', async () => {
    await using collector = await startCollector();
    await using app = await startApp({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await using sink = await startSink();
    const created = await app.call('POST', '/api/v1/schedule/', aSchedule({ endpoint: sink.url, frequency: 1 }), {
      traceparent: `00-${TRACE}-${SPAN}-01`,
    });
    const scheduleId = created.body.id as string;
    const [arrival] = await sink.received(1);
    const delivery = await collector.span(({ name }) => name === 'delivery');

    const request = await collector.span(({ name }) => name === 'POST /api/v1/schedule');
    const schedule = await collector.span(({ name }) => name === 'schedule created');
    const attempt = await collector.span(({ name }) => name === 'attempt');
    const tick = await collector.span(({ name }) => name === 'tick');

    expect(request).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, kind: 2 });
    expect(request.attributes).toMatchObject({ 'seed.schedule.id': scheduleId, 'http.response.status_code': 201 });
    expect(request.links).toEqual([idsOf(schedule)]);
    expect(schedule.links).toEqual([idsOf(request)]);
    expect(schedule.traceId).toBe(hex(scheduleId));
    expect(attempt.links).toEqual([idsOf(tick), idsOf(schedule)]);
    expect(delivery.links).toEqual([idsOf(schedule)]);
    expect(delivery.traceId).toBe(hex(arrival?.headers['idempotency-key']));
    expect(arrival?.headers.traceparent).toBe(`00-${attempt.traceId}-${attempt.spanId}-01`);
  });

  it('show a delivery from its tick to its end, with the queue and each attempt within it', async () => {
    await using collector = await startCollector();
    await using app = await startApp({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await using sink = await startSink([503, 200]);
    const { id, next_send_at } = await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));
    const arrivals = await sink.received(2);
    const delivery = await collector.span(({ name }) => name === 'delivery');

    const within = collector.spans.filter(({ parentSpanId }) => parentSpanId === delivery.spanId);
    const [queue, first, second] = within;

    expect(within.map(({ name }) => name)).toEqual(['queue', 'attempt', 'attempt']);
    expect(within.map(({ traceId }) => traceId)).toEqual(within.map(() => delivery.traceId));
    expect(delivery.startMs).toBe(Date.parse(next_send_at as string));
    expect(delivery.attributes).toMatchObject({
      'seed.schedule.id': id,
      'seed.outcome': 'delivered',
      'seed.attempts': 2,
    });
    expect(queue?.startMs).toBe(delivery.startMs);
    expect(first).toMatchObject({ status: 2, kind: 3 });
    expect(first?.attributes).toMatchObject({ 'http.response.status_code': 503, 'seed.decision': 'retry' });
    expect(second?.attributes).toMatchObject({ 'http.response.status_code': 200, 'seed.decision': 'delivered' });
    expect(arrivals.map(({ headers }) => headers.traceparent)).toEqual(
      [first, second].map((attempt) => `00-${delivery.traceId}-${attempt?.spanId}-01`),
    );
  });

  it('show the tick, its fan-out, the lease and the settlement', async () => {
    await using collector = await startCollector();
    await using app = await startApp({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'timer' });
    await using sink = await startSink();
    await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));
    const delivery = await collector.span(({ name }) => name === 'delivery');

    const tick = await collector.span(({ name }) => name === 'tick');
    const page = await collector.span(({ name }) => name === 'fan-out');
    const lease = await collector.span(({ name }) => name === 'lease');
    const settlement = await collector.span(({ name }) => name === 'settle');

    expect(tick.parentSpanId).toBeUndefined();
    expect(tick.startMs).toBe(delivery.startMs);
    expect(page).toMatchObject({ traceId: tick.traceId, parentSpanId: tick.spanId });
    expect(page.attributes).toMatchObject({ 'seed.page.schedules': 1, 'seed.page.is_last': true });
    expect(lease.links).toEqual([idsOf(delivery)]);
    expect(settlement.links).toEqual([idsOf(delivery)]);
    expect(delivery.resource).toMatchObject({ 'service.name': 'timer' });
  });

  it('are not recorded for a caller that is not sampled, nor for deliveries that are not, whose receiver is told so', async () => {
    await using collector = await startCollector();
    await using app = await startApp({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '0' });
    await using sink = await startSink();
    const get = (flags: string) =>
      app.call('GET', '/api/v1/schedule/', undefined, { traceparent: `00-${TRACE}-${SPAN}-${flags}` });

    await get('00');
    await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));
    const [arrival] = await sink.received(1);
    await get('01');
    await collector.span(({ traceId }) => traceId === TRACE);

    expect(collector.spans.map(({ name }) => name)).toEqual(['GET /api/v1/schedule']);
    expect(arrival?.headers.traceparent).toMatch(
      new RegExp(`^00-${hex(arrival?.headers['idempotency-key'])}-[0-9a-f]{16}-00$`),
    );
  });

  it('never have a payload, a token, a query string or the path of an endpoint', async () => {
    await using collector = await startCollector();
    await using app = await startApp({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await using sink = await startSink();
    const secrets = { payload: { canary: 1 }, auth_token: 'canary-token', endpoint: `${sink.url}/canary?key=canary` };
    await app.creates(aSchedule({ ...secrets, frequency: 1 }));
    await app.call('GET', '/api/v1/schedule/?endpoint=canary');
    await collector.span(({ name }) => name === 'delivery');
    await collector.span(({ name }) => name === 'GET /api/v1/schedule');

    expect(collector.requests.map(({ path }) => path)).toContain('/v1/traces');
    expect(collector.requests.filter(({ body }) => /canary|test-admin-token/.test(body))).toEqual([]);
  });

  it('are off unless a collector is configured: receivers get no traceparent', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));

    const [arrival] = await sink.received(1);

    expect(arrival?.headers).not.toHaveProperty('traceparent');
  });

  it('hold up neither deliveries nor the shutdown when the collector does not answer', async () => {
    await using collector = await startListeners(['127.0.0.1']);
    await using sink = await startSink();
    let stopsAt: number;
    {
      await using app = await startApp({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}` });
      const { id } = await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));

      await app.eventually(`/api/v1/schedule/${id}/deliveries/`, ({ results }) => results[0]?.outcome === 'delivered');
      stopsAt = performance.now();
    }

    // 3 s for the last spans, where the exporter itself would wait 10 s for each batch.
    expect(performance.now() - stopsAt).toBeLessThan(9_500);
    expect((await collector.connections())['127.0.0.1']).toBeGreaterThan(0);
  });
});
