import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { AUTH_TOKENS } from '../../src/schedules/auth-tokens.js';
import type { Config } from '../../src/config/config.js';
import { idOfSecretKey, SecretCipher } from '../../src/secrets/secret-cipher.js';
import { SecretRotation } from '../../src/secrets/secret-rotation.js';
import { SecretVault } from '../../src/secrets/secret-vault.js';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { cloneSchedule } from '../support/schedules.js';
import { startSink } from '../support/sink.js';

const [OLD, NEW, LOST] = ['old', 'new', 'lost'].map((name) => `${name} key of these tests only and long enough`);
const IDLE = { ROLES: 'api' };

const cipherWith = (key: string) =>
  new SecretCipher({ secrets: { key, fallbacks: [], file: null } } as unknown as Config);

const rotationOf = (nest: NestFastifyApplication) => nest.get(SecretRotation, { strict: false });

/** What a rotation says of one kind of secret. */
async function rotated(nest: NestFastifyApplication, kind: string, options = {}) {
  return (await rotationOf(nest).rotate(options)).find((report) => report.kind === kind)!;
}

/** Makes schedules with a token each, and remembers them. @returns tokens by schedule id */
async function schedulesWithTokens(app: TestApp, count: number, fields: object): Promise<Map<string, string>> {
  const tokens = new Map<string, string>();
  const make = async () => {
    const token = randomBytes(8).toString('hex');
    const { id } = await app.creates(aSchedule({ auth_token: token, ...fields }));
    tokens.set(id as string, token);
  };
  await Promise.all(Array.from({ length: count }, make));
  return tokens;
}

const sealedTokens = (database: TestDatabase) =>
  database.query<{ id: string; auth_token: Buffer }>('SELECT id, auth_token FROM schedules ORDER BY id');

describe('a rotation of the key', () => {
  it('while schedules are edited and delivered leaves each with its own token, under the new key alone', async () => {
    await using database = await createDatabase();
    await using sink = await startSink();
    const first = await startApp({ SECRET_KEY: OLD }, database);
    const tokens = await schedulesWithTokens(first, 40, { endpoint: sink.url });
    const signing = await first.call('POST', '/api/v1/user/1/signing-secret/', {});
    await sink.received(40);
    await first.nest.close();

    const second = await startApp({ SECRET_KEY: NEW, SECRET_KEY_FALLBACKS: OLD }, database);
    const ids = [...tokens.keys()];
    let isOver = false;
    const edit = async () => {
      for (let i = 0; !isOver; i++) {
        const id = ids[i % ids.length];
        const token = randomBytes(8).toString('hex');
        const { status } = await second.call('PATCH', `/api/v1/schedule/${id}/`, { auth_token: token });
        expect(status).toBe(200);
        tokens.set(id, token);
      }
    };
    const edits = edit();
    const rotation = await rotationOf(second.nest).rotate();
    isOver = true;
    await edits;
    const left = await rotationOf(second.nest).rotate({ isDryRun: true });
    await second.nest.close();

    expect(signing.status).toBe(201);
    for (const { unreadable, busy } of rotation)
      expect({ unreadable, busy }).toEqual({ unreadable: { count: 0, ids: [] }, busy: 0 });
    expect(left).toMatchObject([
      { kind: 'auth_token', resealed: 0, current: 40 },
      { kind: 'signing_secret', resealed: 0, current: 1 },
    ]);
    const arrived = sink.arrivals.length;
    await using _third = await startApp({ SECRET_KEY: NEW }, database);
    const arrivals = (await sink.received(arrived + 80)).slice(arrived);
    for (const { headers } of arrivals) {
      expect(headers.authorization).toBe(`Token ${tokens.get(String(headers['x-schedule-id']))}`);
      expect(headers['webhook-signature']).toMatch(/^v1,\S+$/);
    }
    expect(new Set(arrivals.map(({ headers }) => headers['x-schedule-id'])).size).toBe(40);
  });

  it('counts what it did, lists what no key opens and leaves that alone; its deliveries alone fail', async () => {
    await using database = await createDatabase();
    await using sink = await startSink();
    const old = await startApp({ ...IDLE, SECRET_KEY: OLD }, database);
    const [unreadable] = (await schedulesWithTokens(old, 1, { endpoint: sink.url })).keys();
    const sealedLongAgo = cipherWith(LOST).seal('a token', unreadable);
    await database.query('UPDATE schedules SET auth_token = $2 WHERE id = $1', [unreadable, sealedLongAgo]);
    await schedulesWithTokens(old, 3, { endpoint: sink.url });
    await old.creates(aSchedule({ endpoint: sink.url }));
    await old.nest.close();
    await using app = await startApp(
      { SECRET_KEY: NEW, SECRET_KEY_FALLBACKS: OLD, DELIVERY_MAX_ATTEMPTS: '1' },
      database,
    );
    await schedulesWithTokens(app, 2, { endpoint: sink.url });
    const before = await sealedTokens(database);

    const dryRun = await rotated(app.nest, 'auth_token', { isDryRun: true });
    expect(await sealedTokens(database)).toEqual(before);
    const done = await rotated(app.nest, 'auth_token');
    const again = await rotated(app.nest, 'auth_token');

    const found = { kind: 'auth_token', current: 2, resealed: 3, unreadable: { count: 1, ids: [unreadable] }, busy: 0 };
    const keys = [
      { name: 'SECRET_KEY', count: 2 },
      { name: 'SECRET_KEY_FALLBACKS, no. 1', count: 3 },
      { name: null, count: 1 },
    ];
    expect(dryRun).toMatchObject({ ...found, keys });
    expect(done).toMatchObject({ ...found, keys });
    expect(again).toMatchObject({
      ...found,
      current: 5,
      resealed: 0,
      keys: [{ count: 5 }, { count: 0 }, { count: 1 }],
    });
    const bytesOf = (rows: { id: string; auth_token: Buffer }[]) =>
      rows.find(({ id }) => id === unreadable)?.auth_token;
    expect(bytesOf(await sealedTokens(database))).toEqual(bytesOf(before));
    await sink.received(12);
    const failed = await app.eventually('/api/v1/failed-tasks/', ({ count }) => count > 0);
    const faults = (failed.results as { schedule: string; error: string }[]).map(({ schedule, error }) => [
      schedule.split('/').at(-2),
      error,
    ]);
    const reason = `the stored auth token cannot be read: it was encrypted under key ${idOfSecretKey(LOST)}, which no running replica has`;
    expect(faults).toEqual(faults.map(() => [unreadable, reason]));
    const arrived = new Set(sink.arrivals.map(({ headers }) => headers['x-schedule-id']));
    expect([arrived.size, arrived.has(unreadable)]).toEqual([6, false]);
  });

  it('does not overwrite what was written between its reading and its writing', async () => {
    await using database = await createDatabase();
    await using old = await startApp({ ...IDLE, SECRET_KEY: OLD }, database);
    const [id] = (await schedulesWithTokens(old, 1, {})).keys();
    await using app = await startApp({ ...IDLE, SECRET_KEY: NEW, SECRET_KEY_FALLBACKS: OLD }, database);
    const boxOf = ({ nest }: TestApp) => nest.get(SecretVault, { strict: false }).boxFor(AUTH_TOKENS);
    // A replica that does not know the new key yet is about to commit.
    const editor = new Client({ connectionString: database.url });
    await editor.connect();
    await editor.query('BEGIN');
    const edited = boxOf(old).seal('edited', id);
    await editor.query('UPDATE schedules SET auth_token = $2 WHERE id = $1', [id, edited]);

    const rotation = rotated(app.nest, 'auth_token');
    await expect.poll(() => database.query('SELECT FROM pg_locks WHERE NOT granted')).toHaveLength(1);
    await editor.query('COMMIT');
    await editor.end();

    expect(await rotation).toMatchObject({ resealed: 1, busy: 0 });
    const [{ auth_token }] = await sealedTokens(database);
    expect(boxOf(app).open(auth_token, id)).toBe('edited');
    expect(auth_token).not.toEqual(edited);
  });

  it('tells how far it is, page by page, and goes on from where it was broken off', async () => {
    await using database = await createDatabase();
    const old = await startApp({ ...IDLE, SECRET_KEY: OLD }, database);
    const [id] = (await schedulesWithTokens(old, 1, {})).keys();
    await old.nest.close();
    // Copies cannot be opened, since a token is bound to its schedule: they are found, and passed over, in every run.
    await cloneSchedule(database, id, 2_500);
    await using app = await startApp({ ...IDLE, SECRET_KEY: NEW, SECRET_KEY_FALLBACKS: OLD }, database);
    const stop = new AbortController();
    const seen: number[] = [];

    const broken = await rotated(app.nest, 'auth_token', { signal: stop.signal, onProgress: () => stop.abort() });
    const whole = await rotated(app.nest, 'auth_token', {
      onProgress: ({ kind, rows }: { kind: string; rows: number }) => kind === 'auth_token' && seen.push(rows),
    });

    expect(broken.keys[1].count).toBe(1000);
    expect(seen).toEqual([1000, 2000, 2501]);
    expect(broken.resealed + whole.resealed).toBe(1);
    expect(whole.unreadable.count).toBe(2500);
    expect(whole.unreadable.ids).toHaveLength(1000);
  });

  it.each(['auth_token', 'signing_secret'])('finds every %s, however many pages they fill', async (kind) => {
    await using database = await createDatabase();
    const old = await startApp({ ...IDLE, SECRET_KEY: OLD }, database);
    const [id] = (await schedulesWithTokens(old, 1, {})).keys();
    await cloneSchedule(database, id, 2_499);
    await database.query(
      `INSERT INTO users (email, username) SELECT i || '@example.org', '' FROM generate_series(2, 2500) i`,
    );
    await old.call('POST', '/api/v1/user/1/signing-secret/', {});
    await database.query(
      `INSERT INTO signing_secrets (user_id, sealed) SELECT u.id, s.sealed FROM users u, signing_secrets s WHERE u.id > 1`,
    );
    await old.nest.close();
    await using app = await startApp({ ...IDLE, SECRET_KEY: NEW, SECRET_KEY_FALLBACKS: OLD }, database);

    const { resealed, unreadable, keys } = await rotated(app.nest, kind);

    // Copies cannot be opened: a secret is bound to its owner.
    expect([resealed, unreadable.count]).toEqual([1, 2_499]);
    expect(keys).toMatchObject([{ count: 0 }, { count: 2_500 }]);
  });

  it('covers every column of the database that holds sealed bytes', async () => {
    await using app = await startApp(IDLE);
    const columns = await app.database.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type = 'bytea' ORDER BY 1`,
    );
    // Digests are no secrets: there is nothing in them to open.
    const sealed = columns.map(({ name }) => name).filter((name) => !name.endsWith('.digest'));
    const known = app.nest.get(SecretVault, { strict: false }).columns.map(({ table, column }) => `${table}.${column}`);
    expect(known.sort()).toEqual(sealed);
  });
});
