import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SchedulerRegistry } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { deliveryId } from '../../src/deliveries/delivery.js';
import { Dispatcher } from '../../src/schedules/dispatcher.js';
import { FanOut } from '../../src/schedules/fan-out.js';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { cloneSchedule } from '../support/schedules.js';

const dispatcherOf = (nest: NestFastifyApplication) => nest.get(Dispatcher, { strict: false });

/** Moves all intervals so that their oldest tick not taken is so many seconds ago, as if nobody had looked since. */
async function setBack(database: TestDatabase, seconds: number): Promise<void> {
  const due = `date_trunc('second', now()) - make_interval(secs => $1)`;
  await database.query(`UPDATE triggers SET next_fire_at = ${due}, phase = ${due} - text::interval`, [seconds]);
  await database.query(`UPDATE schedules SET active_since = now() - make_interval(secs => $1)`, [seconds + 3600]);
}

async function queuedIds(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ schedule_id: string; scheduled_for: Date }>('SELECT * FROM deliveries');
  return rows.map(({ schedule_id, scheduled_for }) => deliveryId(schedule_id, scheduled_for));
}

/** Takes what is due and orders all of its deliveries. */
async function takeAll({ nest }: TestApp): Promise<void> {
  while ((await dispatcherOf(nest).takeDue()) > 0);
  const fanOut = nest.get(FanOut, { strict: false });
  while (await fanOut.fire());
}

/** Whoever inserts into the table loses its connection, with everything written and nothing committed. */
async function dieOnInsert(database: TestDatabase, table: string): Promise<() => Promise<unknown>> {
  await database.query(`
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
    CREATE TRIGGER die AFTER INSERT ON ${table} EXECUTE FUNCTION die()`);
  return () => database.query('DROP FUNCTION die CASCADE');
}

describe('a due tick', () => {
  it('is taken by one of two schedulers that race for 200 of them, and each delivery is queued once', async () => {
    await using one = await startApp({ ROLES: 'api' });
    await using other = await startApp({ ROLES: 'api' }, one.database);
    // Distinct intervals: 200 triggers, each with one tick that is due.
    for (let i = 0; i < 200; i++) await one.creates(aSchedule({ interval_definition: `${1000 + i} days` }));
    await setBack(one.database, 5);

    const before = await one.database.query<{ id: string; next_fire_at: Date }>(
      `SELECT s.id, t.next_fire_at FROM schedules s JOIN triggers t ON t.id = s.trigger_id`,
    );
    await Promise.all([takeAll(one), takeAll(other), takeAll(one), takeAll(other)]);

    const expected = before.map(({ id, next_fire_at }) => deliveryId(id, next_fire_at));
    expect((await queuedIds(one.database)).sort()).toEqual(expected.sort());
    expect(await one.database.query('SELECT DISTINCT triggered FROM schedules')).toEqual([{ triggered: 1 }]);
  });

  it.each([
    ['it was taken', 'firings'],
    ['its deliveries were ordered', 'deliveries'],
  ])(
    'is not lost, and not fired in part, when the connection dies after %s and before the commit',
    async (_, table) => {
      await using app = await startApp({ ROLES: 'api' });
      await app.creates(aSchedule({ interval_definition: '1 days' }));
      await setBack(app.database, 5);
      const revive = await dieOnInsert(app.database, table);
      await expect(takeAll(app)).rejects.toThrow();
      expect(await queuedIds(app.database)).toEqual([]);
      expect(await app.database.query('SELECT triggered FROM schedules')).toEqual([{ triggered: 0 }]);
      await revive();
      await takeAll(app);

      expect(await queuedIds(app.database)).toHaveLength(1);
      expect(await app.database.query('SELECT triggered FROM schedules')).toEqual([{ triggered: 1 }]);
    },
  );

  it('goes to every schedule of its trigger, page by page, when there are more than one page holds', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { id } = await app.creates(aSchedule({ interval_definition: '1 days' }));
    await cloneSchedule(app.database, id as string, 2500);
    await setBack(app.database, 5);

    await takeAll(app);
    expect(new Set(await queuedIds(app.database)).size).toBe(2501);
    expect(await app.database.query('SELECT DISTINCT triggered FROM schedules')).toEqual([{ triggered: 1 }]);
  });

  it('that was written with microseconds is taken like any other', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await app.creates(aSchedule({ interval_definition: '1 days' }));
    await setBack(app.database, 5);
    await app.database.query(`UPDATE triggers SET next_fire_at = next_fire_at + interval '1 microsecond'`);

    expect(await dispatcherOf(app.nest).takeDue()).toBe(1);

    expect(await dispatcherOf(app.nest).takeDue()).toBe(0);
  });

  it('that is corrupt is set aside with the reason, and the others are taken', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await app.creates(aSchedule({ interval_definition: '1 days' }));
    await app.creates(aSchedule({ interval_definition: '2 days' }));
    await setBack(app.database, 5);
    await app.database.query(`UPDATE triggers SET text = 'nonsense' WHERE text = '1 days'`);

    await takeAll(app);

    expect(await queuedIds(app.database)).toHaveLength(1);
    const [corrupt] = await app.database.query(`SELECT next_fire_at, fault FROM triggers WHERE text = 'nonsense'`);
    expect(corrupt).toMatchObject({ next_fire_at: null, fault: expect.any(String) as string });
  });
});

describe('after an outage of all replicas', () => {
  it('the latest tick older than a minute is fired, those before it are recorded as missed in one row', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { id } = await app.creates(aSchedule({ interval_definition: '10 minutes' }));
    await setBack(app.database, 3600 + 90);

    await takeAll(app);

    expect(await queuedIds(app.database)).toHaveLength(1);
    const { body } = await app.call('GET', `/api/v1/schedule/${id}/deliveries/`);
    expect(body).toMatchObject({ count: 1, results: [{ outcome: 'missed', missed: { count: 6 }, attempts: [] }] });
    expect((await app.call('GET', `/api/v1/schedule/${id}/`)).body.triggered).toBe(1);
  });

  it('what was missed is recorded for every schedule, on the pages after the first one too', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { id } = await app.creates(aSchedule({ interval_definition: '10 minutes' }));
    await cloneSchedule(app.database, id as string, 1500);
    await setBack(app.database, 3600 + 90);
    // Amid the late ticks: the fourth to the sixth of them are missed, the seventh is fired.
    await app.database.query(`UPDATE schedules SET active_since = now() - interval '2000 seconds' WHERE id <> $1`, [
      id,
    ]);

    await takeAll(app);
    const missed = await app.database.query(
      `SELECT missed_count AS each, round(extract(epoch FROM scheduled_for - missed_from))::int AS seconds,
              count(*)::int AS schedules
         FROM attempts WHERE outcome = 'missed' GROUP BY 1, 2 ORDER BY 1`,
    );
    expect(missed).toEqual([
      { each: 3, seconds: 1200, schedules: 1500 },
      { each: 6, seconds: 3000, schedules: 1 },
    ]);
    expect(await app.database.query('SELECT DISTINCT triggered FROM schedules')).toEqual([{ triggered: 1 }]);
  });

  it('nothing is fired when even the latest tick lies beyond the catch-up window', async () => {
    await using app = await startApp({ ROLES: 'api', CATCH_UP_WINDOW: '600' });
    const { id } = await app.creates(aSchedule({ interval_definition: '1 hours' }));
    await setBack(app.database, 3000);

    await takeAll(app);

    expect(await queuedIds(app.database)).toEqual([]);
    const { body } = await app.call('GET', `/api/v1/schedule/${id}/deliveries/`);
    expect(body.results).toMatchObject([{ outcome: 'missed', missed: { count: 1 } }]);
  });
});

describe('a schedule that skips overlaps', () => {
  it('is not fired while its delivery before has not ended, which is recorded and counts as no run', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const skipping = await app.creates(aSchedule({ interval_definition: '1 days', overlap: 'skip', frequency: 2 }));
    const allowing = await app.creates(aSchedule({ interval_definition: '1 days' }));
    const shown = async (id: string) =>
      (await app.call('GET', `/api/v1/schedule/${id}/`)).body as { triggered: number };

    await setBack(app.database, 5);
    await takeAll(app);
    await setBack(app.database, 4);
    await takeAll(app);

    expect(await queuedIds(app.database)).toHaveLength(3);
    expect(await shown(skipping.id as string)).toMatchObject({ triggered: 1, enabled: true });
    expect((await shown(allowing.id as string)).triggered).toBe(2);
    const { body } = await app.call('GET', `/api/v1/schedule/${skipping.id}/deliveries/`);
    expect(body).toMatchObject({ count: 1, results: [{ outcome: 'skipped', attempts: [] }] });

    // The delivery before ends; the next tick is fired, and it is the last.
    await app.database.query('DELETE FROM deliveries WHERE schedule_id = $1', [skipping.id]);
    await setBack(app.database, 3);
    await takeAll(app);

    expect(await shown(skipping.id as string)).toMatchObject({ triggered: 2, enabled: false });
  });
});

describe('what is caught up with', () => {
  it('is for each schedule of a trigger to say, and what it is not given is recorded as missed', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const create = async (fields: object) =>
      (await app.creates(aSchedule({ interval_definition: '10 minutes', ...fields }))).id as string;
    const latest = await create({});
    const none = await create({ catch_up: 'none' });
    const all = await create({ catch_up: 'all' });
    const twice = await create({ catch_up: 'all', frequency: 2 });
    await setBack(app.database, 3600 + 90);

    await takeAll(app);

    const ordered = await app.database.query<{ schedule_id: string; ticks: Date[] }>(
      'SELECT schedule_id, array_agg(scheduled_for ORDER BY due_at) AS ticks FROM deliveries GROUP BY 1',
    );
    const ticks = new Map(ordered.map((row) => [row.schedule_id, row.ticks.map((tick) => tick.getTime())]));
    const everyTick = ticks.get(all) ?? [];
    expect(everyTick).toEqual(Array.from({ length: 7 }, (_, i) => (everyTick[0] ?? 0) + i * 600_000));
    expect(ticks.get(latest)).toEqual(everyTick.slice(-1));
    expect(ticks.get(none)).toBeUndefined();
    expect(ticks.get(twice)).toEqual(everyTick.slice(0, 2));
    const missedBy = async (id: string) =>
      (await app.call('GET', `/api/v1/schedule/${id}/deliveries/`)).body.results.map(
        ({ missed }: { missed: { count: number } }) => missed.count,
      ) as number[];
    expect([await missedBy(latest), await missedBy(none), await missedBy(all)]).toEqual([[6], [7], []]);
    expect((await app.call('GET', `/api/v1/schedule/${twice}/`)).body).toMatchObject({ triggered: 2, enabled: false });
  });
});

describe('a change made through another replica', () => {
  it('reaches the registry by a notification, and without one its tick is still taken by the sweep', async () => {
    await using api = await startApp({ ROLES: 'api' });
    await using scheduler = await startApp({ ROLES: 'scheduler' }, api.database);
    const registry = scheduler.nest.get(SchedulerRegistry, { strict: false });

    await api.creates(aSchedule({ interval_definition: '30 seconds' }));
    await expect.poll(() => registry.getIntervals(), { timeout: 5000 }).toHaveLength(1);
    // Behind everybody's back: no notification.
    await setBack(api.database, 5);

    await expect.poll(() => queuedIds(api.database), { timeout: 5000 }).toHaveLength(1);
  });
});

describe('a trigger that many ask for at once', () => {
  it('is made once', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const dataSource = app.nest.get(DataSource);
    await Promise.all(
      Array.from({ length: 30 }, () =>
        app.creates(aSchedule({ cron_definition: '7 7 7 7 *', interval_definition: null })),
      ),
    );
    expect(await dataSource.query('SELECT count(*)::int AS count FROM triggers')).toEqual([{ count: 1 }]);
  });
});
