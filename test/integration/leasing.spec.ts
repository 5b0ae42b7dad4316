import { describe, expect, it } from 'vitest';
import type { LeasedDelivery } from '../../src/deliveries/delivery.js';
import { DeliveryQueue } from '../../src/deliveries/delivery-queue.js';
import type { Room } from '../../src/deliveries/delivery-window.js';
import { startApp, type TestApp } from '../support/app.js';
import { queueDeliveries } from '../support/deliveries.js';

const queueOf = ({ nest }: TestApp) => nest.get(DeliveryQueue, { strict: false });

function room(total: number, ofOthers: number, ofOrigin: [number, number][] = []): Room {
  return { total, ofOthers, ofOrigin: new Map(ofOrigin) };
}

const countsByOrigin = (deliveries: LeasedDelivery[]) =>
  Object.fromEntries([...Map.groupBy(deliveries, ({ originId }) => originId)].map(([id, of]) => [id, of.length]));

describe('leasing', () => {
  it('gives each origin its room, however many deliveries another one has', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const [{ originId: crowded }] = await queueDeliveries(app.database, 2000, 'http://crowded.example');
    const [{ originId: quiet }] = await queueDeliveries(app.database, 3, 'http://quiet.example');
    const [{ originId: full }] = await queueDeliveries(app.database, 5, 'http://full.example');

    const { deliveries, readyOrigins } = await queueOf(app).lease(room(100, 10, [[full, 0]]));

    expect(countsByOrigin(deliveries)).toEqual({ [crowded]: 10, [quiet]: 3 });
    expect(readyOrigins).toBe(2);
  });

  it('goes round the origins when there is room for few of them', async () => {
    await using app = await startApp({ ROLES: 'api' });
    for (let i = 0; i < 5; i++) await queueDeliveries(app.database, 10, `http://origin-${i}.example`);

    const seen: number[] = [];
    for (let i = 0; i < 10; i++) {
      const { deliveries } = await queueOf(app).lease(room(1, 1));
      seen.push(...deliveries.map(({ originId }) => originId));
    }

    expect(new Set(seen.slice(0, 5)).size).toBe(5);
    expect(seen.slice(5)).toEqual(seen.slice(0, 5));
  });

  it('gives a delivery to one of two replicas that ask at once', async () => {
    await using one = await startApp({ ROLES: 'api' });
    await using other = await startApp({ ROLES: 'api' }, one.database);
    await queueDeliveries(one.database, 500);

    const leases = await Promise.all(
      Array.from({ length: 40 }, (_, i) => queueOf(i % 2 ? one : other).lease(room(20, 20))),
    );

    const ids = leases.flatMap(({ deliveries }) => deliveries.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(20);
  });

  it('passes over what waits for its retry, which stands in nobody’s way', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await queueDeliveries(app.database, 1000);
    await app.database.query(`UPDATE deliveries SET due_at = now() + interval '1 hour', attempts = 1`);
    await queueDeliveries(app.database, 2);

    const { deliveries } = await queueOf(app).lease(room(100, 100));

    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });

  it('takes a delivery over when its lease was not renewed, and not while it is', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await queueDeliveries(app.database, 2);
    const { deliveries } = await queueOf(app).lease(room(10, 10));
    const [renewed, forgotten] = deliveries;
    await app.database.query(`UPDATE deliveries SET due_at = now() - interval '1 second'`);
    await queueOf(app).renew([renewed]);

    const second = await queueOf(app).lease(room(10, 10));

    expect(second.deliveries).toEqual([{ ...forgotten, attempt: 2 }]);
  });

  it('does not count a lease that was given back', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await queueDeliveries(app.database, 1);
    const first = await queueOf(app).lease(room(10, 10));
    await queueOf(app).giveBack(first.deliveries);

    const second = await queueOf(app).lease(room(10, 10));

    expect(second.deliveries).toEqual(first.deliveries);
    expect(second.deliveries).toHaveLength(1);
  });

  it('passes over schedules that are left to other replicas, however many of their deliveries come first', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const left = await queueDeliveries(app.database, 50);
    const [own] = await queueDeliveries(app.database, 1);
    await app.database.query(`UPDATE deliveries SET due_at = due_at - interval '1 second' WHERE schedule_id <> $1`, [
      own.scheduleId,
    ]);

    const { deliveries } = await queueOf(app).lease(
      room(10, 10),
      left.map(({ scheduleId }) => scheduleId),
    );

    expect(deliveries.map(({ scheduleId }) => scheduleId)).toEqual([own.scheduleId]);
  });

  it('finds what was handed over a second later, and does not count that lease', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await queueDeliveries(app.database, 1);
    const first = await queueOf(app).lease(room(10, 10));
    await queueOf(app).handOver(first.deliveries);

    expect((await queueOf(app).lease(room(10, 10))).deliveries).toEqual([]);
    await expect
      .poll(async () => (await queueOf(app).lease(room(10, 10))).deliveries, { timeout: 10_000 })
      .toEqual(first.deliveries);
  });

  it('hands over the others of a batch when one has the largest attempt number', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await queueDeliveries(app.database, 2);
    await app.database.query(
      `UPDATE deliveries SET attempts = 2147483647, attempts_before = 2147483647
        WHERE ctid = (SELECT min(ctid) FROM deliveries)`,
    );
    const { deliveries } = await queueOf(app).lease(room(10, 10));

    await queueOf(app).handOver(deliveries);

    expect(await app.database.query('SELECT FROM deliveries WHERE NOT is_leased')).toHaveLength(2);
  });
});

describe('an origin whose breaker is open', () => {
  it('gives nothing until its probe is due, and then one delivery to one replica', async () => {
    await using one = await startApp({ ROLES: 'api' });
    await using other = await startApp({ ROLES: 'api' }, one.database);
    const [{ originId }] = await queueDeliveries(one.database, 50);
    const open = (probeAt: string) =>
      one.database.query(
        `UPDATE origins SET failures_in_row = 10, opened_at = now(), probe_at = now() + $2::interval WHERE id = $1`,
        [originId, probeAt],
      );

    await open('30 seconds');
    expect((await queueOf(one).lease(room(100, 100))).deliveries).toEqual([]);

    await open('-1 second');
    const leases = await Promise.all(
      Array.from({ length: 8 }, (_, i) => queueOf(i % 2 ? one : other).lease(room(9, 9))),
    );
    expect(leases.flatMap(({ deliveries }) => deliveries)).toHaveLength(1);
    expect(await one.database.query('SELECT DISTINCT attempts FROM deliveries WHERE NOT is_leased')).toEqual([
      { attempts: 0 },
    ]);
  });
  it('keeps its probe where this replica could make none, and has it again when it was handed over', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const queued = await queueDeliveries(app.database, 3);
    const [{ originId }] = queued;
    const ids = queued.map(({ scheduleId }) => scheduleId);
    await app.database.query(
      `UPDATE origins SET failures_in_row = 10, opened_at = now(), probe_at = now() - interval '1 second' WHERE id = $1`,
      [originId],
    );

    expect((await queueOf(app).lease(room(10, 10), ids)).deliveries).toEqual([]);
    const probe = await queueOf(app).lease(room(10, 10));
    expect(probe.deliveries).toHaveLength(1);
    expect((await queueOf(app).lease(room(10, 10))).deliveries).toEqual([]);

    await queueOf(app).handOver(probe.deliveries);
    await expect
      .poll(async () => (await queueOf(app).lease(room(10, 10))).deliveries, { timeout: 10_000 })
      .toHaveLength(1);
  });
});
