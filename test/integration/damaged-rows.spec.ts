import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../src/deliveries/circuit-breaker.js';
import { DeliveryQueue } from '../../src/deliveries/delivery-queue.js';
import { Settlement, type Verdict } from '../../src/deliveries/settlement.js';
import { SettlementBatcher } from '../../src/deliveries/settlement-batcher.js';
import { Dispatcher } from '../../src/schedules/dispatcher.js';
import { FanOut } from '../../src/schedules/fan-out.js';
import { TriggerUpkeep } from '../../src/schedules/trigger-upkeep.js';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import { queueDeliveries } from '../support/deliveries.js';

const ROOM = { total: 100, ofOrigin: new Map<number, number>(), ofOthers: 100 };
const MAX_INTEGER = 2_147_483_647;

const queueOf = ({ nest }: TestApp) => nest.get(DeliveryQueue, { strict: false });
const dispatcherOf = ({ nest }: TestApp) => nest.get(Dispatcher, { strict: false });

/** Makes each of these due a second ago. */
const makeDue = ({ database }: TestApp) =>
  database.query(`UPDATE triggers SET next_fire_at = date_trunc('second', now()) - interval '1 second'`);

/** Has the database refuse rows of a table as out of range. */
async function refuse({ database }: TestApp, table: string, condition: string): Promise<void> {
  await database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'out of range, on purpose' USING ERRCODE = '22003'; END $$;
    CREATE TRIGGER refused BEFORE INSERT ON ${table} FOR EACH ROW WHEN (${condition}) EXECUTE FUNCTION refuse()`);
}

describe('leasing', () => {
  it('goes on with a delivery that has had the largest number of attempts', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await queueDeliveries(app.database, 3);
    await app.database.query(
      `UPDATE deliveries SET attempts = $1 WHERE schedule_id = (SELECT schedule_id FROM deliveries LIMIT 1)`,
      [MAX_INTEGER],
    );

    const { deliveries } = await queueOf(app).lease(ROOM);

    expect(deliveries.map(({ attempt }) => attempt).sort()).toEqual([1, 1, MAX_INTEGER]);
  });

  it.each([-2_147_483_648, -1, 0, MAX_INTEGER])(
    'finds deliveries of an origin that does not exist: %i',
    async (originId) => {
      await using app = await startApp({ ROLES: 'api' });
      await queueDeliveries(app.database, 1);
      await app.database.query('UPDATE deliveries SET origin_id = $1', [originId]);

      expect((await queueOf(app).lease(ROOM)).deliveries).toMatchObject([{ originId, attempt: 1 }]);
    },
  );

  it.each([
    ['open without a failure', `opened_at = now(), probe_at = now() + interval '1 minute', failures_in_row = 0`],
    ['open until the end of time', `opened_at = now(), probe_at = 'infinity', failures_in_row = 99`],
  ])('does not wait for an origin that is %s', async (_, state) => {
    await using app = await startApp({ ROLES: 'api' });
    await queueDeliveries(app.database, 1);
    await app.database.query(`UPDATE origins SET ${state}`);

    expect((await queueOf(app).lease(ROOM)).deliveries).toHaveLength(1);
  });

  it('gets deliveries back that would be due at the end of time', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await queueDeliveries(app.database, 2);
    await app.database.query(`UPDATE deliveries SET due_at = 'infinity'`);

    expect((await queueOf(app).depth()).stranded).toBe(2);
    await queueOf(app).rescueStranded();

    expect((await queueOf(app).lease(ROOM)).deliveries).toHaveLength(2);
  });
});

describe('a lease of a tick that no Date can hold', () => {
  it.each(['infinity', '-infinity', '294276-12-31 23:59:59.999999+00', '2026-01-02 03:04:05.678901+00'])(
    'is renewed, given back and settled: %s',
    async (tick) => {
      await using app = await startApp({ ROLES: 'api' });
      const queue = queueOf(app);
      await queueDeliveries(app.database, 1);
      await app.database.query('UPDATE deliveries SET scheduled_for = $1', [tick]);
      const { deliveries } = await queue.lease(ROOM);
      expect(deliveries).toMatchObject([{ scheduledFor: tick }]);

      await app.database.query(`UPDATE deliveries SET due_at = now()`);
      await queue.renew(deliveries);
      expect(await app.database.query('SELECT FROM deliveries WHERE due_at > now()')).toHaveLength(1);
      await queue.giveBack(deliveries);
      const again = (await queue.lease(ROOM)).deliveries;
      const verdicts = again.map((delivery) => ({
        delivery,
        decision: { kind: 'failed' as const },
        fault: 'no instant',
      }));
      await app.nest.get(Settlement, { strict: false }).settle(verdicts);

      expect(await app.database.query('SELECT * FROM deliveries')).toEqual([]);
      const failed = await app.call('GET', '/api/v1/failed-tasks/');
      expect(failed.body).toMatchObject({ count: 1, results: [{ error: 'no instant' }] });
    },
  );
});

describe('a verdict that the database refuses', () => {
  it('ends its delivery without the record of the answer, so that the POST is not made again', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await queueDeliveries(app.database, 3);
    await refuse(app, 'attempts_default', `NEW.excerpt = 'poison'`);
    const { deliveries } = await queueOf(app).lease(ROOM);
    // The default partition alone is watched.
    await app.database.query(`UPDATE deliveries SET scheduled_for = '2000-01-01'`);
    const batcher = app.nest.get(SettlementBatcher, { strict: false });
    const rest = { durationMs: 1, status: 500, error: null, retryAfterSeconds: null };
    deliveries.forEach((delivery, i) => {
      const result = { ...rest, startedAtMs: performance.now(), excerpt: i === 1 ? 'poison' : 'fine' };
      const verdict: Verdict = {
        delivery: { ...delivery, scheduledFor: '2000-01-01' },
        decision: { kind: 'failed' },
        result,
      };
      batcher.add(verdict);
    });
    batcher.start(() => {});

    const failed = await app.eventually('/api/v1/failed-tasks/', ({ count }) => count === 3);

    expect(await app.database.query('SELECT * FROM deliveries')).toEqual([]);
    const errors = failed.results.map(({ error }: { error: string | null }) => error) as (string | null)[];
    expect(errors.filter((error) => error !== null)).toEqual([
      'what came of it could not be recorded: out of range, on purpose',
    ]);
  });
});

describe('the circuit breaker', () => {
  it('counts on beside an origin with the largest number of failures', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const [{ originId: odd }] = await queueDeliveries(app.database, 1, 'http://odd.example');
    const [{ originId }] = await queueDeliveries(app.database, 1, 'http://other.example');
    await app.database.query('UPDATE origins SET failures_in_row = $2 WHERE id = $1', [odd, MAX_INTEGER]);
    const breaker = app.nest.get(CircuitBreaker, { strict: false });
    for (const id of [odd, originId]) breaker.record(id, { status: 500 });

    await breaker.stop();

    const rows = await app.database.query('SELECT failures_in_row FROM origins WHERE id = $1', [originId]);
    expect(rows).toEqual([{ failures_in_row: 1 }]);
  });
});

describe('the taking of ticks', () => {
  it.each(['-infinity', '1000-01-01 00:00:00.000001+00'])(
    'goes on from now where the next one was due at %s',
    async (due) => {
      await using app = await startApp({ ROLES: 'api' });
      await app.creates(aSchedule({ interval_definition: '1 seconds' }));
      await app.creates(aSchedule({ interval_definition: '2 days' }));
      await makeDue(app);
      await app.database.query(`UPDATE triggers SET next_fire_at = $1 WHERE text = '1 seconds'`, [due]);

      expect(await dispatcherOf(app).takeDue()).toBe(2);

      const [trigger] = await app.database.query(
        `SELECT fault, next_fire_at BETWEEN now() - interval '5 s' AND now() + interval '5 s' AS is_soon FROM triggers
        WHERE text = '1 seconds'`,
      );
      expect(trigger).toEqual({ fault: null, is_soon: true });
      expect(await app.database.query('SELECT FROM firings')).toHaveLength(1);
    },
  );

  it('sets a trigger aside that the database will not let advance, and takes the others', async () => {
    await using app = await startApp({ ROLES: 'api' });
    for (const days of [1, 2, 3]) await app.creates(aSchedule({ interval_definition: `${days} days` }));
    const [odd] = await app.database.query<{ id: string }>(`SELECT id FROM triggers WHERE text = '2 days'`);
    await refuse(app, 'firings', `NEW.trigger_id = ${odd?.id}`);
    await makeDue(app);

    while ((await dispatcherOf(app).takeDue()) > 0);

    expect(await app.database.query('SELECT DISTINCT trigger_id FROM firings')).toHaveLength(2);
    expect(await app.database.query('SELECT id, fault FROM triggers WHERE fault IS NOT NULL')).toEqual([
      { id: odd?.id, fault: 'out of range, on purpose' },
    ]);
  });

  it('brings triggers back that would never be due, and says why where it cannot', async () => {
    await using app = await startApp({ ROLES: 'api' });
    for (const days of [1, 2, 3, 4]) await app.creates(aSchedule({ interval_definition: `${days} days` }));
    await app.creates(aSchedule({ interval_definition: '5 days', enabled: false }));
    await app.database.query(`
      UPDATE triggers SET next_fire_at = 'infinity' WHERE text = '1 days';
      UPDATE triggers SET next_fire_at = NULL WHERE text = '2 days';
      UPDATE triggers SET next_fire_at = '294276-12-31', phase = 'infinity' WHERE text = '3 days'`);

    await using scheduler = await startApp({ ROLES: 'scheduler' }, app.database);
    expect(scheduler.nest.get(TriggerUpkeep, { strict: false })).toBeDefined();

    const states = () =>
      app.database.query(
        `SELECT text, next_fire_at < now() + interval '5 days' AS is_soon, fault FROM triggers ORDER BY 1`,
      );
    await expect.poll(states, { timeout: 20_000 }).toEqual([
      { text: '1 days', is_soon: true, fault: null },
      { text: '2 days', is_soon: true, fault: null },
      { text: '3 days', is_soon: null, fault: 'the definition has no further tick' },
      { text: '4 days', is_soon: true, fault: null },
      { text: '5 days', is_soon: null, fault: null },
    ]);
  });
});

describe('the fan-out', () => {
  it('goes on with a schedule that has had the largest number of runs', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await app.creates(aSchedule({ interval_definition: '1 days' }));
    await app.creates(aSchedule({ interval_definition: '1 days' }));
    await app.database.query(
      `UPDATE schedules SET triggered = $1, active_since = '-infinity' WHERE id = (SELECT id FROM schedules LIMIT 1)`,
      [MAX_INTEGER],
    );
    await app.database.query(`UPDATE schedules SET active_since = '-infinity'`);
    await makeDue(app);
    await dispatcherOf(app).takeDue();

    while (await app.nest.get(FanOut, { strict: false }).fire());

    expect(await app.database.query('SELECT FROM deliveries')).toHaveLength(2);
    expect(await app.database.query('SELECT triggered FROM schedules ORDER BY 1')).toEqual([
      { triggered: 1 },
      { triggered: MAX_INTEGER },
    ]);
  });

  it.each(['on time', 'late'])(
    'sets a firing aside that the database refuses, and fires the others: %s',
    async (when) => {
      await using app = await startApp({ ROLES: 'api' });
      const ids: string[] = [];
      for (const days of [1, 2, 3]) {
        ids.push((await app.creates(aSchedule({ interval_definition: `${days} days` }))).id as string);
      }
      await app.database.query(`UPDATE schedules SET active_since = now() - interval '1 hour'`);
      await refuse(app, 'deliveries', `NEW.schedule_id = '${ids[1]}'`);
      const age = when === 'late' ? '2 minutes' : '1 second';
      await app.database.query(`UPDATE triggers SET next_fire_at = date_trunc('second', now()) - interval '${age}'`);
      await dispatcherOf(app).takeDue();

      while (await app.nest.get(FanOut, { strict: false }).fire());

      expect(await app.database.query('SELECT schedule_id FROM deliveries ORDER BY 1')).toEqual(
        [ids[0], ids[2]].sort().map((schedule_id) => ({ schedule_id })),
      );
      expect(await app.database.query('SELECT fault FROM firings')).toEqual([{ fault: 'out of range, on purpose' }]);
    },
  );

  it('fires the others beside a firing whose ticks are an array of arrays, with traces on', async () => {
    await using app = await startApp({ ROLES: 'api', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    const odd = await app.creates(aSchedule({ interval_definition: '1 days' }));
    const fine = await app.creates(aSchedule({ interval_definition: '2 days' }));
    await app.database.query(`UPDATE schedules SET active_since = '-infinity'`);
    const firing = `INSERT INTO firings (trigger_id, ticks, is_late)
                    SELECT trigger_id, $2::timestamptz[], false FROM schedules WHERE id = $1`;
    await app.database.query(firing, [odd.id, '{{2026-01-01 00:00:00+00}}']);
    await app.database.query(firing, [fine.id, '{2026-01-01 00:00:00+00}']);

    while (await app.nest.get(FanOut, { strict: false }).fire());

    expect(await app.database.query('SELECT FROM firings')).toEqual([]);
    expect(await app.database.query('SELECT FROM deliveries WHERE schedule_id = $1', [fine.id])).toHaveLength(1);
  });

  it('records what is missed of other late firings when one has a range that no outage made', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const odd = await app.creates(aSchedule({ interval_definition: '1 minutes' }));
    const fine = await app.creates(aSchedule({ interval_definition: '2 minutes' }));
    await app.database.query(`UPDATE schedules SET active_since = '-infinity' WHERE id = $1`, [odd.id]);
    await app.database.query(`UPDATE schedules SET active_since = now() - interval '1 hour' WHERE id = $1`, [fine.id]);
    const firing = `INSERT INTO firings (trigger_id, ticks, is_late, dropped_from, dropped_to, dropped_count)
                    SELECT trigger_id, '{}', true, $2::timestamptz, $3::timestamptz, $4 FROM schedules WHERE id = $1`;
    await app.database.query(firing, [odd.id, '-infinity', 'infinity', MAX_INTEGER]);
    await app.database.query(firing, [fine.id, new Date(Date.now() - 600_000), new Date(Date.now() - 480_000), 2]);

    while (await app.nest.get(FanOut, { strict: false }).fire());

    expect(await app.database.query('SELECT FROM firings')).toEqual([]);
    expect(await app.database.query('SELECT schedule_id, missed_count FROM attempts')).toEqual([
      { schedule_id: fine.id, missed_count: 2 },
    ]);
  });
});
