import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADMIN_TOKEN, caller } from '../support/api.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { launchProcess } from '../support/process.js';

vi.setConfig({ testTimeout: 300_000 });

const SECRET_KEY = 'a key for tests only, of some length';
const LOCK_MIGRATIONS = `SELECT pg_advisory_xact_lock(hashtext('seed-scheduler migrations'))`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seed-start-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function listen(port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

async function freePort(): Promise<number> {
  const { server, port } = await listen();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const tablesOf = (database: TestDatabase) => database.query(`SELECT FROM pg_tables WHERE schemaname = 'public'`);

/** Keeps a start waiting before its first migration, until `release`. */
async function holdMigrations(database: TestDatabase) {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(LOCK_MIGRATIONS);
  const isWaitedFor = async () => {
    const { rows } = await client.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return rows.length > 0;
  };
  return { isWaitedFor, release: () => client.end() };
}

describe('a start that cannot succeed', () => {
  it('on a port that is taken says so, and has touched nothing', async () => {
    await using database = await createDatabase();
    const { server, port } = await listen();
    await using service = launchProcess({
      ...{ PORT: String(port), HOST: '127.0.0.1', DATABASE_URL: database.url, SECRET_KEY },
    });
    const code = await service.ended;
    server.close();

    expect(service.output()).toBe(
      `Port ${port} of 127.0.0.1 is in use: stop the program that listens there, or set PORT to another port.\n`,
    );
    expect(code).toBe(1);
    expect(await tablesOf(database)).toEqual([]);
  });

  it.each([
    ['an address of another machine', { HOST: '192.0.2.1' }, 'HOST 192.0.2.1 is not an address of this machine: '],
    ['a name that is none', { HOST: 'nowhere.invalid' }, 'The name nowhere.invalid in HOST cannot be resolved: '],
    ['a folder below /proc', { DATA_DIR: '/proc/foo' }, 'DATA_DIR /proc/foo cannot be used: '],
    ['a file as its folder', { DATA_DIR: '/etc/passwd' }, 'DATA_DIR /etc/passwd cannot be used: '],
    [
      'a database that is away',
      { DATABASE_URL: 'postgres://scheduler:hunter2@127.0.0.1:9/x', SECRET_KEY },
      'PostgreSQL does not accept connections at 127.0.0.1:9: ',
    ],
  ])('on %s says so in one sentence', async (_, environment: Record<string, string>, message) => {
    await using service = launchProcess({ PORT: '0', DATA_DIR: folder, ...environment });

    expect(await service.ended).toBe(1);

    const lines = service.output().trimEnd().split('\n');
    expect(lines).toEqual([expect.stringContaining(message)]);
    expect(service.output()).not.toContain('hunter2');
  });

  it('says the same on the command line', async () => {
    const environment = { DATABASE_URL: 'postgres://scheduler:hunter2@127.0.0.1:9/x', SECRET_KEY, PORT: '0' };
    for (const command of ['serve', 'migrate']) {
      await using service = launchProcess(environment, { command: ['cli/main.js', command] });
      expect(await service.ended).toBe(1);
      expect(service.output()).toBe(
        'error: PostgreSQL does not accept connections at 127.0.0.1:9: start it, or correct DATABASE_URL.\n',
      );
    }
  });
});

describe('a service that is starting', () => {
  it('is alive and not ready, and says that it is ready when it is', async () => {
    await using database = await createDatabase();
    const held = await holdMigrations(database);
    const port = await freePort();
    await using service = launchProcess({
      ...{ PORT: String(port), HOST: '127.0.0.1', DATABASE_URL: database.url, SECRET_KEY },
      SCHEDULER_ADMIN_TOKEN: ADMIN_TOKEN,
    });
    const call = caller(`http://127.0.0.1:${port}`);
    await vi.waitFor(async () => expect(await held.isWaitedFor()).toBe(true), { timeout: 60_000, interval: 20 });

    const statuses = async () => {
      const paths = ['/health', '/health/live', '/health/ready', '/metrics', '/api/v1/schedule/'];
      return Promise.all(paths.map(async (path) => (await call('GET', path)).status));
    };
    expect(await statuses()).toEqual([200, 200, 503, 503, 503]);
    expect((await call('POST', '/api/v1/schedule/', {})).headers.get('retry-after')).toBe('1');
    expect(service.output()).toBe('');

    await held.release();
    await service.says(`Seed Scheduler is ready at http://127.0.0.1:${port}\n`);
    expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends on %s, and has changed nothing', async (signal) => {
    await using database = await createDatabase();
    const held = await holdMigrations(database);
    await using service = launchProcess({ PORT: '0', DATABASE_URL: database.url, SECRET_KEY });
    await vi.waitFor(async () => expect(await held.isWaitedFor()).toBe(true), { timeout: 60_000, interval: 20 });

    service.child.kill(signal);

    expect(await service.ended).toBe(0);
    await held.release();
    expect(await tablesOf(database)).toEqual([]);
  });

  it('ends on SIGTERM while it makes the embedded database, and starts again afterwards', async () => {
    const environment = { PORT: '0', DATA_DIR: folder };
    {
      await using service = launchProcess(environment);
      await service.says('making the database');
      service.child.kill('SIGTERM');
      expect(await service.ended).toBe(0);
      expect(service.output()).not.toMatch(/Error|ready|token/);
    }
    await using service = launchProcess(environment);
    await service.says('making the database');
    await service.says('is ready at');
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(existsSync(join(folder, 'postgres', 'postmaster.pid'))).toBe(false);
  });
});

describe('the file .env', () => {
  it('of the working directory gives the settings that the environment does not', async () => {
    await using database = await createDatabase();
    writeFileSync(join(folder, '.env'), `DATABASE_URL=${database.url}\nSECRET_KEY="${SECRET_KEY}"\nPORT=1\n`);
    const own = { PORT: '0', HOST: '127.0.0.1', SCHEDULER_ADMIN_TOKEN: ADMIN_TOKEN };

    await using service = launchProcess(own, { cwd: folder });
    await service.says('is ready at http://127.0.0.1:');
    await using command = launchProcess({}, { cwd: folder, command: ['cli/main.js', 'schedules', 'list', '--json'] });

    expect(await command.ended).toBe(0);
    expect(JSON.parse(command.output())).toMatchObject({ count: 0 });
  });

  it('with a name that is nearly right stops the start and the command line', async () => {
    writeFileSync(join(folder, '.env'), 'LOG_LEVLE=debug\n');
    for (const command of [['main.js'], ['cli/main.js', 'migrate']] as [string, ...string[]][]) {
      await using service = launchProcess({ PORTT: '1', DATA_DIR: folder }, { cwd: folder, command });
      expect(await service.ended).toBe(1);
      expect(service.output()).toContain('LOG_LEVLE (in .env) is not a setting; did you mean LOG_LEVEL?');
      expect(service.output()).toContain('PORTT is not a setting; did you mean PORT?');
    }
  });
});
