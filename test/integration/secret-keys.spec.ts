import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.js';
import { StartError } from '../../src/config/start-error.js';
import { KeyHolders } from '../../src/secrets/key-holders.js';
import { KeyRegistry } from '../../src/secrets/key-registry.js';
import { idOfSecretKey, SecretCipher } from '../../src/secrets/secret-cipher.js';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { metricValue } from '../support/metrics.js';
import { startProcess } from '../support/process.js';
import { startSink } from '../support/sink.js';

const [OLD, NEW, OTHER] = ['old', 'new', 'other'].map((name) => `${name} key of these tests only and long enough`);
const IDLE = { ROLES: 'api' };
const BOTH = { SECRET_KEY: NEW, SECRET_KEY_FALLBACKS: OLD };

const knownKeys = async (database: TestDatabase) =>
  (await database.query<{ id: string }>('SELECT id FROM secret_keys ORDER BY known_since, id')).map(({ id }) => id);

/** Starts a service that must not start. @returns the message of the refusal */
async function refusal(environment: Record<string, string>, database: TestDatabase): Promise<string> {
  const error: unknown = await startApp(environment, database).then(
    async (app) => {
      await app.nest.close();
      return null;
    },
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartError);
  return (error as StartError).message;
}

async function startAndStop(environment: Record<string, string>, database: TestDatabase): Promise<void> {
  const app = await startApp(environment, database);
  await app.nest.close();
}

const returned = (app: TestApp) => metricValue(app, 'seed_scheduler_unopened_secrets_total{outcome="returned"}');

describe('a start', () => {
  it('registers the first key, and takes over from a known one that is a fallback', async () => {
    await using database = await createDatabase();
    await startAndStop({ ...IDLE, SECRET_KEY: OLD }, database);
    expect(await knownKeys(database)).toEqual([idOfSecretKey(OLD)]);

    await startAndStop({ ...IDLE, ...BOTH }, database);
    expect(await knownKeys(database)).toEqual([idOfSecretKey(OLD), idOfSecretKey(NEW)]);

    await startAndStop({ ...IDLE, SECRET_KEY: OLD }, database);
    await startAndStop({ ...IDLE, SECRET_KEY: NEW }, database);
  });

  it('with a key that the database does not know is refused, with both keys and what to do', async () => {
    await using database = await createDatabase();
    await startAndStop({ ...IDLE, SECRET_KEY: OLD }, database);
    const since = /\(since \d{4}-\d\d-\d\dT\S+Z\)/;

    const message = await refusal({ SECRET_KEY: NEW, SECRET_KEY_FALLBACKS: OTHER }, database);

    expect(message).toContain(`SECRET_KEY has key ${idOfSecretKey(NEW)} and former keys ${idOfSecretKey(OTHER)}`);
    expect(message).toContain(`sealed under key ${idOfSecretKey(OLD)} `);
    expect(message).toMatch(since);
    expect(message).toContain('add that key to SECRET_KEY_FALLBACKS');
    expect(message).not.toMatch(/\n|of these tests/);
    expect(await knownKeys(database)).toEqual([idOfSecretKey(OLD)]);
    expect(await database.query('SELECT FROM key_holders WHERE ended_at IS NULL')).toEqual([]);
  });

  it('of two processes with different keys on an empty database succeeds for one of them', async () => {
    await using database = await createDatabase();
    const starts = await Promise.allSettled([
      startApp({ ...IDLE, SECRET_KEY: OLD }, database),
      startApp({ ...IDLE, SECRET_KEY: NEW }, database),
    ]);
    const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    const refused = starts.flatMap((start) => (start.status === 'rejected' ? [start.reason as unknown] : []));
    for (const app of started) await app.nest.close();

    expect([started.length, refused.length]).toEqual([1, 1]);
    expect(refused[0]).toBeInstanceOf(StartError);
    expect(await knownKeys(database)).toHaveLength(1);
  });

  it('on a database of an earlier release takes the keys from the secrets that it has', async () => {
    await using database = await createDatabase();
    const first = await startApp({ ...IDLE, SECRET_KEY: OLD }, database);
    await first.creates(aSchedule({ auth_token: 'a-token' }));
    await first.call('POST', '/api/v1/user/1/signing-secret/', {});
    await first.nest.close();
    await database.query('DELETE FROM secret_keys');

    expect(await refusal({ ...IDLE, SECRET_KEY: NEW }, database)).toContain(idOfSecretKey(OLD));
    await startAndStop({ ...IDLE, ...BOTH }, database);
    expect((await knownKeys(database)).sort()).toEqual([OLD, NEW].map(idOfSecretKey).sort());
  });
});

describe('a key', () => {
  it('is removed when nothing is sealed under it and no live process seals with it', async () => {
    await using database = await createDatabase();
    const old = await startApp({ ...IDLE, SECRET_KEY: OLD }, database);
    await using app = await startApp({ ...IDLE, ...BOTH }, database);
    const retire = (inUse: string[]) => app.nest.get(KeyRegistry, { strict: false }).retire(inUse);

    expect(await retire([])).toEqual([]);
    await old.nest.close();
    expect(await retire([idOfSecretKey(OLD)])).toEqual([]);
    expect(await retire([])).toEqual([idOfSecretKey(OLD)]);

    expect(await refusal({ ...IDLE, SECRET_KEY: OLD }, database)).toContain(idOfSecretKey(NEW));
  });

  it('that is missing while secrets are sealed under it is counted', async () => {
    await using database = await createDatabase();
    const first = await startApp({ ...IDLE, SECRET_KEY: OLD }, database);
    await first.creates(aSchedule({ auth_token: 'a-token' }));
    await first.nest.close();
    await startAndStop({ ...IDLE, ...BOTH }, database);

    await using app = await startApp({ ...IDLE, SECRET_KEY: NEW }, database);
    await expect.poll(() => metricValue(app, 'seed_scheduler_missing_secret_keys'), { timeout: 20_000 }).toBe(1);
  });
});

describe('a process that has just started, or lost the database for a while', () => {
  it('gives nobody up who was there within the last hour, until it has been seen for 20 s itself', async () => {
    await using database = await createDatabase();
    await startAndStop({ ...IDLE, SECRET_KEY: OLD }, database);
    await startAndStop({ ...IDLE, ...BOTH }, database);
    await using app = await startApp({ ...IDLE, SECRET_KEY: OLD }, database);
    const isWithOthers = async () =>
      (await app.nest.get(KeyHolders, { strict: false }).areWithOthers([[idOfSecretKey(NEW)]]))[0];
    const others = (age: string) =>
      database.query('UPDATE key_holders SET seen_at = now() - $1::interval WHERE ended_at IS NOT NULL', [age]);
    const seenFor = (age: string) =>
      database.query('UPDATE key_holders SET seen_since = now() - $1::interval WHERE ended_at IS NULL', [age]);

    await others('10 minutes');
    expect(await isWithOthers()).toBe(true);
    await seenFor('1 minute');
    expect(await isWithOthers()).toBe(false);
    await others('10 seconds');
    expect(await isWithOthers()).toBe(true);
    await seenFor('0 seconds');
    await others('2 hours');
    expect(await isWithOthers()).toBe(false);
  });
});

describe('a delivery whose secret this replica lacks the key of', () => {
  it('waits for a replica that has it, and uses up no attempt', async () => {
    await using database = await createDatabase();
    await using sink = await startSink();
    await using old = await startApp({ SECRET_KEY: OLD, DELIVERY_MAX_ATTEMPTS: '1' }, database);
    await using mixed = await startApp({ ...BOTH, ROLES: 'api' }, database);
    await mixed.call('POST', '/api/v1/user/1/signing-secret/', {});
    const { id } = await mixed.creates(aSchedule({ endpoint: sink.url, auth_token: 'a-token', frequency: 2 }));
    await expect.poll(() => returned(old), { timeout: 20_000 }).toBeGreaterThan(0);

    await using _both = await startApp(BOTH, database);
    const arrivals = await sink.received(2);

    for (const { headers } of arrivals) {
      expect(headers).toMatchObject({ authorization: 'Token a-token', 'x-attempt': '1', 'x-schedule-id': id });
      expect(headers['webhook-signature']).toMatch(/^v1,/);
    }
    expect((await old.call('GET', '/api/v1/failed-tasks/')).body).toMatchObject({ count: 0 });
  });

  it('is left in the queue for others, rather than leased again as soon as it is due', async () => {
    await using database = await createDatabase();
    await using old = await startApp({ SECRET_KEY: OLD }, database);
    await using mixed = await startApp({ ...BOTH, ROLES: 'api' }, database);
    await mixed.creates(aSchedule({ auth_token: 'a-token', frequency: 1 }));
    await expect.poll(() => returned(old), { timeout: 20_000 }).toBeGreaterThan(0);

    // A worker looks once a second.
    const overdue = `SELECT FROM deliveries WHERE NOT is_leased AND attempts = 0 AND due_at < now() - interval '2.5 seconds'`;
    await expect.poll(() => database.query(overdue), { timeout: 30_000 }).toHaveLength(1);
  });

  it('does not hold up others of its origin', async () => {
    await using database = await createDatabase();
    await using sink = await startSink();
    await using old = await startApp({ SECRET_KEY: OLD, DELIVERY_CONCURRENCY_PER_ORIGIN: '1' }, database);
    await using mixed = await startApp({ ...BOTH, ROLES: 'api' }, database);
    for (let i = 0; i < 20; i++) await mixed.creates(aSchedule({ endpoint: sink.url, auth_token: 'a-token' }));
    await expect.poll(() => returned(old), { timeout: 20_000 }).toBeGreaterThan(0);

    const { id } = await mixed.creates(aSchedule({ endpoint: sink.url, frequency: 5 }));
    const arrivals = await sink.received(5);

    expect(new Set(arrivals.map(({ headers }) => headers['x-schedule-id']))).toEqual(new Set([id]));
  });

  it('fails with the reason when no live replica has it', async () => {
    await using database = await createDatabase();
    await using sink = await startSink();
    await using old = await startApp({ SECRET_KEY: OLD }, database);
    const mixed = await startApp({ ...BOTH, ROLES: 'api' }, database);
    await mixed.creates(aSchedule({ endpoint: sink.url, auth_token: 'a-token' }));
    await expect.poll(() => returned(old), { timeout: 20_000 }).toBeGreaterThan(0);
    expect((await old.call('GET', '/api/v1/failed-tasks/')).body).toMatchObject({ count: 0 });

    await mixed.nest.close();
    // As if it had not been seen for long.
    await database.query('DELETE FROM key_holders WHERE ended_at IS NOT NULL');

    const { results } = await old.eventually('/api/v1/failed-tasks/', ({ count }) => count > 0);
    expect(results[0]).toMatchObject({
      error: `the stored auth token cannot be read: it was encrypted under key ${idOfSecretKey(NEW)}, which no running replica has`,
    });
    expect(await metricValue(old, 'seed_scheduler_unopened_secrets_total{outcome="failed"}')).toBeGreaterThan(0);
  });

  it('is logged when it fails, although others went back to the queue a moment ago', async () => {
    await using database = await createDatabase();
    await using old = await startProcess({ DATABASE_URL: database.url, SECRET_KEY: OLD });
    const mixed = await startApp({ ...BOTH, ROLES: 'api' }, database);
    await mixed.creates(aSchedule({ auth_token: 'a-token' }));
    await expect.poll(() => old.output(), { timeout: 20_000 }).toContain('it goes back to the queue');

    await mixed.nest.close();
    await database.query('DELETE FROM key_holders WHERE ended_at IS NOT NULL');

    await expect.poll(() => old.output(), { timeout: 20_000 }).toContain('not configured here: it fails');
  });

  it('fails when no live replica has all the keys that it needs', async () => {
    await using database = await createDatabase();
    await using one = await startApp({ SECRET_KEY: OLD }, database);
    await database.query('INSERT INTO secret_keys (id) VALUES ($1)', [idOfSecretKey(NEW)]);
    await using other = await startApp({ SECRET_KEY: NEW }, database);

    await one.call('POST', '/api/v1/user/1/signing-secret/', {});
    await other.creates(aSchedule({ auth_token: 'a-token' }));

    const { results } = await one.eventually('/api/v1/failed-tasks/', ({ count }) => count > 0);
    expect((results as { error: string }[])[0].error).toMatch(/which no running replica has$/);
  });

  it('fails at once when its key is there and does not open it', async () => {
    await using database = await createDatabase();
    await using app = await startApp({ SECRET_KEY: OLD }, database);
    await using _other = await startApp({ ...BOTH, ROLES: 'api' }, database);
    const { id } = await app.creates(aSchedule({ auth_token: 'a-token', interval_definition: '2 seconds' }));
    const secrets = { key: OLD, fallbacks: [], file: null };
    const elsewhere = new SecretCipher({ secrets } as unknown as Config).seal('a-token', 'another schedule');
    await database.query('UPDATE schedules SET auth_token = $2 WHERE id = $1', [id, elsewhere]);

    const { results } = await app.eventually('/api/v1/failed-tasks/', ({ count }) => count > 0);
    expect((results as { error: string }[])[0].error).toMatch(/it was altered, or stood elsewhere$/);
    expect(await returned(app)).toBe(0);
  });
});
