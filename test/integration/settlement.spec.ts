import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { AttemptLedger } from '../../src/deliveries/attempt-ledger.js';
import type { LeasedDelivery } from '../../src/deliveries/delivery.js';
import { DeliveryQueue } from '../../src/deliveries/delivery-queue.js';
import { Settlement, type Verdict } from '../../src/deliveries/settlement.js';
import { startApp, type TestApp } from '../support/app.js';
import { queueDeliveries } from '../support/deliveries.js';

const ROOM = { total: 100, ofOrigin: new Map<number, number>(), ofOthers: 100 };

function partsOf({ nest }: TestApp) {
  return {
    queue: nest.get(DeliveryQueue, { strict: false }),
    settlement: nest.get(Settlement, { strict: false }),
    ledger: nest.get(AttemptLedger, { strict: false }),
  };
}

function verdict(delivery: LeasedDelivery, status: number, decision: Verdict['decision']) {
  const result = { durationMs: 1, status, error: null, excerpt: null, retryAfterSeconds: null };
  return { delivery, decision, result: { startedAtMs: performance.now(), ...result } };
}

async function isWaitingForALock({ database }: TestApp): Promise<void> {
  for (;;) {
    const [row] = await database.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (row && row.count > 0) return;
  }
}

describe('a settlement', () => {
  it('by a worker whose lease was lost changes neither the delivery nor its outcome, and adds the POST it made', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { queue, settlement, ledger } = partsOf(app);
    const [{ scheduleId }] = await queueDeliveries(app.database, 1);
    const [stale] = (await queue.lease(ROOM)).deliveries;
    if (!stale) throw new Error('nothing was leased');
    // The lease runs out, and another worker leases the delivery and settles it.
    await app.database.query('UPDATE deliveries SET due_at = now()');
    const [current] = (await queue.lease(ROOM)).deliveries;
    if (!current) throw new Error('nothing was leased again');
    expect(current).toEqual({ ...stale, attempt: stale.attempt + 1 });
    await settlement.settle([verdict(stale, 500, { kind: 'retry', inSeconds: 0 })]);
    expect(await app.database.query('SELECT is_leased, attempts FROM deliveries')).toEqual([
      { is_leased: true, attempts: 2 },
    ]);
    await settlement.settle([verdict(current, 200, { kind: 'delivered' })]);

    await settlement.settle([verdict(stale, 500, { kind: 'failed' })]);

    expect(await app.database.query('SELECT * FROM deliveries')).toEqual([]);
    expect(await app.database.query('SELECT * FROM failed_tasks')).toEqual([]);
    expect(await ledger.pageOfDeliveries(scheduleId, 10, 0)).toMatchObject([
      { attempt: 1, status: 500, outcome: null },
      { attempt: 2, status: 200, outcome: 'delivered' },
    ]);
  });

  it('that has to wait for a renewal under way ends the delivery all the same', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { queue, settlement } = partsOf(app);
    await queueDeliveries(app.database, 2);
    const [ended, retried] = (await queue.lease(ROOM)).deliveries;
    if (!ended || !retried) throw new Error('nothing was leased');
    const renewal = new Client({ connectionString: app.database.url });
    await renewal.connect();
    await renewal.query('BEGIN');
    await renewal.query(`UPDATE deliveries SET due_at = now() + interval '15 seconds'`);

    const settling = settlement.settle([
      verdict(ended, 200, { kind: 'delivered' }),
      verdict(retried, 500, { kind: 'retry', inSeconds: 60 }),
    ]);
    await isWaitingForALock(app);
    await renewal.query('COMMIT');
    await renewal.end();
    await settling;

    expect(await app.database.query('SELECT schedule_id, is_leased FROM deliveries')).toEqual([
      { schedule_id: retried.scheduleId, is_leased: false },
    ]);
  });

  it('of many at once is all or nothing: a fault in one leaves all as they were', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { queue, settlement } = partsOf(app);
    await queueDeliveries(app.database, 3);
    const { deliveries } = await queue.lease(ROOM);
    const verdicts = deliveries.map((delivery) => verdict(delivery, 200, { kind: 'delivered' }));
    if (verdicts[0]) verdicts[0].result.status = 2 ** 40;

    await expect(settlement.settle(verdicts)).rejects.toThrow();

    expect(await app.database.query('SELECT is_leased FROM deliveries')).toEqual(Array(3).fill({ is_leased: true }));
    expect(await app.database.query('SELECT * FROM attempts')).toEqual([]);
  });

  it('of a failed attempt makes the delivery wait for its retry, which counts from the database clock', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { queue, settlement } = partsOf(app);
    await queueDeliveries(app.database, 1);
    const { deliveries } = await queue.lease(ROOM);

    await settlement.settle(deliveries.map((delivery) => verdict(delivery, 500, { kind: 'retry', inSeconds: 60 })));

    const [waiting] = await app.database.query(
      `SELECT is_leased, due_at BETWEEN now() + '55 s' AND now() + '60 s' AS is_in_a_minute FROM deliveries`,
    );
    expect(waiting).toEqual({ is_leased: false, is_in_a_minute: true });
    expect((await queue.lease(ROOM)).deliveries).toEqual([]);
  });
});
