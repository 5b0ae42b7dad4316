import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { ScheduleCreation } from '../../src/schedules/schedule-creation.js';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';

const DAILY = aSchedule({ cron_definition: '7 7 * * *', interval_definition: null });
const OFF = { ...DAILY, enabled: false };

/** Runs SQL in a transaction that stays open until the next call waits for one of its locks, and then commits. */
async function commitOnceAwaited<T>(database: TestDatabase, sql: string, call: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(sql);
    const called = call();
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(() => database.query(waiting), { timeout: 5000 }).toHaveLength(1);
    await client.query('COMMIT');
    return await called;
  } finally {
    await client.end();
  }
}

/** Triggers of enabled schedules that will never be due, and triggers that nobody has. */
async function strays({ database }: TestApp): Promise<unknown[]> {
  return database.query(
    `SELECT t.id, t.next_fire_at, s.id AS schedule FROM triggers t LEFT JOIN schedules s ON s.trigger_id = t.id
      WHERE s.id IS NULL OR s.enabled AND t.next_fire_at IS NULL OR
            t.next_fire_at IS NOT NULL AND NOT EXISTS (SELECT FROM schedules e WHERE e.trigger_id = t.id AND e.enabled)`,
  );
}

describe('a creation', () => {
  it('that meets a trigger being put to rest waits, and puts it to work again', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await app.creates(DAILY);
    const rest = `SELECT FROM triggers FOR UPDATE; UPDATE schedules SET enabled = false;
                  UPDATE triggers SET next_fire_at = NULL`;

    const created = await commitOnceAwaited(app.database, rest, () => app.creates(DAILY));

    expect(created.next_send_at).toMatch(/T07:07:00/);
    expect(await app.database.query('SELECT next_fire_at IS NOT NULL AS works FROM triggers')).toEqual([
      { works: true },
    ]);
  });

  it('that is held up until the next second counts its interval from the instant it shows as its creation', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const client = new Client({ connectionString: app.database.url });
    await client.connect();
    await client.query('BEGIN; LOCK TABLE schedules IN SHARE MODE');
    const creating = app.creates(aSchedule({ interval_definition: '10 seconds' }));
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(() => app.database.query(waiting), { timeout: 5000 }).toHaveLength(1);
    await client.query('SELECT pg_sleep(1); COMMIT');
    await client.end();

    const { created_at, next_send_at } = await creating;

    const createdSecond = Math.floor(Date.parse(created_at as string) / 1000) * 1000;
    expect(Date.parse(next_send_at as string)).toBe(createdSecond + 10_000);
  });

  it('that meets a trigger being removed waits, and makes it anew', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await app.creates(DAILY);
    const remove = `DELETE FROM schedules; DELETE FROM triggers`;

    const created = await commitOnceAwaited(app.database, remove, () => app.creates(DAILY));

    expect(created.next_send_at).toMatch(/T07:07:00/);
    expect(await app.database.query('SELECT id FROM schedules')).toEqual([{ id: created.id }]);
    expect(await strays(app)).toEqual([]);
  });

  it('takes no trigger from another that goes, however many come and go on two replicas', async () => {
    await using one = await startApp({ ROLES: 'api' });
    await using other = await startApp({ ROLES: 'api' }, one.database);
    const comeAndGo = async (app: TestApp, remover: TestApp) => {
      for (let i = 0; i < 15; i++) {
        const { id } = await app.creates(i % 3 === 0 ? OFF : DAILY);
        expect((await remover.call('DELETE', `/api/v1/schedule/${id}/`)).status).toBe(204);
      }
      await app.creates(DAILY);
    };

    await Promise.all(Array.from({ length: 6 }, () => [comeAndGo(one, other), comeAndGo(other, one)]).flat());

    expect(await strays(one)).toEqual([]);
    expect(await one.database.query('SELECT count(*)::int AS count FROM schedules')).toEqual([{ count: 12 }]);
  });

  it('does not wait for others, and others not for it, when it shares a trigger with a tick being taken', async () => {
    await using app = await startApp({ ROLES: 'api' });
    await app.creates(DAILY);
    const tick = new Client({ connectionString: app.database.url });
    await tick.connect();
    await tick.query('BEGIN');
    await tick.query('SELECT FROM triggers FOR NO KEY UPDATE');
    await tick.query(`UPDATE triggers SET next_fire_at = next_fire_at + interval '1 day'`);

    const created = await Promise.all(Array.from({ length: 40 }, () => app.creates(DAILY)));

    expect(new Set(created.map(({ id }) => id as string)).size).toBe(40);
    await tick.query('COMMIT');
    await tick.end();
  });

  it('that the database refuses fails alone among those stored with it', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const creation = app.nest.get(ScheduleCreation, { strict: false });
    const order = (id: string, createdBy: number) => ({
      id: `00000000-0000-7000-8000-00000000000${id}`,
      definition: { kind: 'cron' as const, text: '7 7 * * *' },
      ...{
        frequency: null,
        endpoint: 'http://127.0.0.1:9/',
        payload: '{}',
        authToken: null,
        originId: 1,
        catchUp: 'latest' as const,
        overlap: 'allow' as const,
        enabled: true,
        createdBy,
      },
    });
    const orders = [order('1', 1), order('2', 999), order('3', 1)];

    // Twice: once while there is no trigger yet, once with it.
    for (const round of ['a', 'b']) {
      const ends = await Promise.allSettled(
        orders.map((one) => creation.create({ ...one, id: one.id.replace(/^0/, round) })),
      );
      expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    }
    expect(await app.database.query('SELECT count(*)::int AS count FROM schedules')).toEqual([{ count: 4 }]);
  });

  it('answers with what is stored', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const wishes = [
      aSchedule({ interval_definition: '3 hours', frequency: 7, payload: { b: 1, a: [null] } }),
      aSchedule({ cron_definition: '@daily', interval_definition: null, auth_token: 'abc', enabled: false }),
      aSchedule({ interval_definition: '1 seconds' }),
    ];

    const created = await Promise.all(wishes.map((wish) => app.creates(wish)));

    for (const answer of created) {
      expect((await app.call('GET', `/api/v1/schedule/${answer.id}/`)).body).toEqual(answer);
    }
  });
});
