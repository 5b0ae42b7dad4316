import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { AttemptLedger } from '../../src/deliveries/attempt-ledger.js';
import { DeliveryQueue, type LeasedDelivery } from '../../src/deliveries/delivery-queue.js';
import { Settlement, type Verdict } from '../../src/deliveries/settlement.js';
import { startApp, type TestApp } from '../support/app.js';

const SCHEDULE = '0197b6a0-6d2f-7c31-9a41-d0a9fd9b1c55';

function partsOf({ nest }: TestApp) {
  return {
    dataSource: nest.get(DataSource),
    queue: nest.get(DeliveryQueue, { strict: false }),
    settlement: nest.get(Settlement, { strict: false }),
    ledger: nest.get(AttemptLedger, { strict: false }),
  };
}

function verdict(delivery: LeasedDelivery, attempt: number, status: number, decision: Verdict['decision']): Verdict {
  const result = { startedAt: new Date(), durationMs: 1, status, error: null, excerpt: null, retryAfterSeconds: null };
  return { delivery, attempt, decision, result };
}

describe('a settlement', () => {
  it('by a worker whose lease was lost changes neither the delivery nor its outcome, and adds the POST it made', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { dataSource, queue, settlement, ledger } = partsOf(app);
    const order = { scheduleId: SCHEDULE, tick: new Date().toISOString() };
    await dataSource.transaction((manager) => queue.enqueue([order], manager));
    const [stale] = await queue.fetch(1);
    if (!stale) throw new Error('nothing was leased');
    // The lease runs out: the delivery goes back, and another worker leases and settles it.
    await dataSource.transaction((manager) => queue.retry([{ ...stale, at: new Date(0) }], manager));
    const [current] = await queue.fetch(1);
    if (!current) throw new Error('nothing was leased again');
    expect(current).toMatchObject({ id: stale.id, retryCount: stale.retryCount + 1 });
    await settlement.settle([verdict(current, 2, 200, { kind: 'delivered' })]);

    await settlement.settle([verdict(stale, 1, 500, { kind: 'failed' })]);
    await settlement.settle([verdict(stale, 1, 500, { kind: 'retry', at: new Date() })]);

    const jobs = await app.database.query(`SELECT state FROM pgboss.job WHERE name = 'deliveries'`);
    expect(jobs).toEqual([{ state: 'completed' }]);
    expect(await app.database.query('SELECT * FROM failed_tasks')).toEqual([]);
    expect(await ledger.pageOfDeliveries(SCHEDULE, 10, 0)).toMatchObject([
      { attempt: 1, status: 500, outcome: null },
      { attempt: 2, status: 200, outcome: 'delivered' },
    ]);
  });

  it('of many at once is one transaction: a fault in one leaves all as they were', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { dataSource, queue, settlement } = partsOf(app);
    const orders = [0, 1, 2].map((i) => ({ scheduleId: SCHEDULE, tick: new Date(i * 1000).toISOString() }));
    await dataSource.transaction((manager) => queue.enqueue(orders, manager));
    const verdicts = (await queue.fetch(3)).map((delivery) => verdict(delivery, 1, 200, { kind: 'delivered' }));
    const [first] = verdicts;
    if (first?.result) first.result.status = 2 ** 40;

    await expect(settlement.settle(verdicts)).rejects.toThrow();

    const states = await app.database.query(`SELECT DISTINCT state FROM pgboss.job WHERE name = 'deliveries'`);
    expect(states).toEqual([{ state: 'active' }]);
  });

  it('ordered twice is queued once', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { dataSource, queue } = partsOf(app);
    const order = { scheduleId: SCHEDULE, tick: new Date().toISOString() };

    await dataSource.transaction((manager) => queue.enqueue([order], manager));
    await dataSource.transaction((manager) => queue.enqueue([order], manager));

    expect(await queue.fetch(10)).toHaveLength(1);
  });
});
