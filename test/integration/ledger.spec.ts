import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { Attempt } from '../../src/deliveries/attempt.entity.js';
import { dropPartitions, forgetOldRows, makePartitions } from '../../src/deliveries/partition-upkeep.js';
import { aSchedule, startApp, type TestApp } from '../support/app.js';

const NOW = new Date();
const DAY_MS = 86_400_000;

/** The day so many days from today, at noon in UTC. */
const noon = (days: number) => new Date((Math.floor(NOW.getTime() / DAY_MS) + days + 0.5) * DAY_MS);
const partition = (days: number) => `attempts_${noon(days).toISOString().slice(0, 10).replaceAll('-', '')}`;

function anAttempt(
  scheduleId: string,
  scheduledFor: Date,
  attempt: number,
  rest: Partial<Attempt> = {},
): Partial<Attempt> {
  const delivery = { scheduleId, scheduledFor };
  return { ...delivery, attempt, startedAt: NOW, durationMs: 5, status: 503, replica: 'test/1', ...rest };
}

async function append({ nest }: TestApp, ...rows: Partial<Attempt>[]): Promise<void> {
  await nest.get(DataSource).getRepository(Attempt).insert(rows);
}

async function partitionsOf({ database }: TestApp): Promise<string[]> {
  const sql = `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'attempts'::regclass`;
  return (await database.query<{ name: string }>(sql)).map(({ name }) => name);
}

/** The app with its partitions made, and then those of some days about 40 days ago; its own upkeep drops none of them. */
async function startWithHistory(): Promise<TestApp> {
  const app = await startApp({ ROLES: 'api', HISTORY_RETENTION_DAYS: '400' });
  await expect.poll(() => partitionsOf(app)).toContain(partition(3));
  await makePartitions(app.nest.get(DataSource), noon(-43));
  return app;
}

/** A transaction of another process, open until `end`. */
async function meanwhile({ database }: TestApp, sql: string, values: unknown[] = []) {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(sql, values);
  return { end: () => client.query('COMMIT').finally(() => client.end()) };
}

describe('the history of a schedule', () => {
  it('counts a delivery once, whichever attempts are recorded of it, and pages through all of them', async () => {
    await using app = await startWithHistory();
    const { id } = await app.creates(aSchedule({}));
    const { id: otherId } = await app.creates(aSchedule({}));
    const seconds = (day: number, n: number) => new Date(noon(day).getTime() + n * 1000);
    await append(
      app,
      // Delivered at the second attempt, which was recorded first.
      anAttempt(id, seconds(0, 1), 2, { status: 200, outcome: 'delivered' }),
      anAttempt(id, seconds(0, 1), 1),
      // The worker of the first attempt died with it.
      anAttempt(id, seconds(0, 2), 2, { status: 200, outcome: 'delivered' }),
      // Failed, was requeued, and goes on.
      anAttempt(id, seconds(-1, 3), 1, { outcome: 'failed' }),
      anAttempt(id, seconds(-1, 3), 2),
      // Missed; beyond all daily partitions.
      anAttempt(id, seconds(-60, 4), 0, { durationMs: null, outcome: 'missed', missedFrom: NOW, missedCount: 3 }),
      // Cancelled after one attempt.
      anAttempt(id, seconds(-41, 5), 1),
      anAttempt(id, seconds(-41, 5), 2, { durationMs: null, outcome: 'cancelled' }),
      anAttempt(otherId, seconds(0, 1), 1),
    );

    const all = (await app.call('GET', `/api/v1/schedule/${id}/deliveries/`)).body;
    expect(all.count).toBe(5);
    expect(all.results).toMatchObject([
      { outcome: 'delivered', attempts: [{ attempt: 2 }] },
      { outcome: 'delivered', attempts: [{ attempt: 1 }, { attempt: 2 }] },
      { outcome: null, attempts: [{ attempt: 1 }, { attempt: 2 }] },
      { outcome: 'cancelled', attempts: [{ attempt: 1 }] },
      { outcome: 'missed', attempts: [], missed: { count: 3 } },
    ]);
    const paged = [];
    for (const offset of [0, 2, 4]) {
      const page = await app.call('GET', `/api/v1/schedule/${id}/deliveries/?limit=2&offset=${offset}`);
      expect(page.body.count).toBe(5);
      paged.push(...(page.body.results as unknown[]));
    }
    expect(paged).toEqual(all.results);
  });
});

describe('the upkeep of partitions', () => {
  it('makes those of days to come while appends are under way, and the rows of their days move there', async () => {
    await using app = await startWithHistory();
    const dataSource = app.nest.get(DataSource);
    const { id } = await app.creates(aSchedule({}));
    await append(app, anAttempt(id, noon(4), 1), anAttempt(id, noon(20), 1));
    const appending = await meanwhile(
      app,
      `INSERT INTO attempts (attempt, scheduled_for, schedule_id, started_at, replica)
       VALUES (1, $1, gen_random_uuid(), now(), 'other')`,
      [noon(0)],
    );

    expect(await makePartitions(dataSource, noon(2))).toBe(true);

    await appending.end();
    const places = await app.database.query(
      'SELECT tableoid::regclass::text AS place FROM attempts ORDER BY scheduled_for',
    );
    expect(places).toEqual([{ place: partition(0) }, { place: partition(4) }, { place: 'attempts_default' }]);
    expect((await app.call('GET', `/api/v1/schedule/${id}/deliveries/`)).body.count).toBe(2);
  });

  it('makes the one of today, when that is missing, without an append being refused', async () => {
    await using app = await startWithHistory();
    const dataSource = app.nest.get(DataSource);
    const { id } = await app.creates(aSchedule({}));
    let isDone = false;
    let ticks = 0;
    const appendOn = async () => {
      while (!isDone) await append(app, anAttempt(id, new Date(noon(0).getTime() + ticks++), 1));
    };
    const appending = Promise.all([appendOn(), appendOn(), appendOn(), appendOn()]);

    for (let round = 0; round < 10; round++) {
      await app.database.query(`DROP TABLE ${partition(0)}`);
      while (!(await makePartitions(dataSource, noon(0))));
    }

    isDone = true;
    await appending;
    expect(await app.database.query('SELECT FROM attempts_default')).toEqual([]);
    expect(ticks).toBeGreaterThan(0);
  });

  it('makes partitions that are like those made before', async () => {
    await using app = await startWithHistory();
    const shape = async (name: string) => ({
      indexes: await app.database.query(
        `SELECT replace(indexdef, $1, '') AS definition FROM pg_indexes WHERE tablename = $1 ORDER BY 1`,
        [name],
      ),
      checks: await app.database.query(
        `SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
          WHERE conrelid = $1::regclass AND contype = 'c' ORDER BY 1`,
        [name],
      ),
    });

    expect((await shape(partition(0))).indexes).toHaveLength(1);
    expect(await shape(partition(0))).toEqual(await shape('attempts_default'));
  });

  it('drops what is older than the retention time, and leaves the rest', async () => {
    await using app = await startWithHistory();
    const dataSource = app.nest.get(DataSource);
    const { id } = await app.creates(aSchedule({}));
    await append(app, ...[-60, -41, -40, -1].map((days) => anAttempt(id, noon(days), 1)));

    expect(await dropPartitions(dataSource, noon(0), 40)).toBe(true);
    await forgetOldRows(dataSource, noon(0), 40);

    expect(await partitionsOf(app)).not.toContain(partition(-41));
    expect(await app.database.query('SELECT scheduled_for FROM attempts ORDER BY 1')).toEqual([
      { scheduled_for: noon(-40) },
      { scheduled_for: noon(-1) },
    ]);
  });

  it('puts a drop off while somebody reads the ledger, and holds up neither appends nor new partitions', async () => {
    await using app = await startWithHistory();
    const dataSource = app.nest.get(DataSource);
    const { id } = await app.creates(aSchedule({}));
    const reading = await meanwhile(app, 'SELECT count(*) FROM attempts');

    expect(await dropPartitions(dataSource, noon(0), 40)).toBe(false);
    expect(await partitionsOf(app)).toContain(partition(-41));
    await append(app, anAttempt(id, noon(0), 1));
    await reading.end();

    expect(await makePartitions(dataSource, noon(2))).toBe(true);
    expect(await dropPartitions(dataSource, noon(0), 40)).toBe(true);
    expect(await partitionsOf(app)).not.toContain(partition(-41));
  });
});
