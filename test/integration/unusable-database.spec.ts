import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { createApplication } from '../../src/application.js';
import { StartError } from '../../src/config/start-error.js';
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { migrate } from '../../src/database/migrate.js';
import { testConfig } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

vi.setConfig({ testTimeout: 120_000 });

/** What the start says of a database; it must be an error that says it all, without the password. */
async function refusal(url: string): Promise<string> {
  const error: unknown = await createApplication(testConfig(url)).then(
    (app) => app.close().then(() => 'it started'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartError);
  const { message } = error as StartError;
  expect(message).not.toMatch(/hunter2|\n/);
  return message;
}

function changed(database: TestDatabase, change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.href;
}

/** A role with a password that can connect, and no more. */
async function withRole(database: TestDatabase, options = '') {
  const role = `role_${randomBytes(6).toString('hex')}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2' ${options}`);
  return {
    role,
    url: changed(database, (url) => Object.assign(url, { username: role, password: 'hunter2' })),
    async [Symbol.asyncDispose]() {
      await database.query(`DROP OWNED BY ${role}`);
      await database.query(`DROP ROLE ${role}`);
    },
  };
}

describe('a start', () => {
  it('says that nothing listens there', async () => {
    expect(await refusal('postgres://scheduler:hunter2@127.0.0.1:9/x')).toBe(
      'PostgreSQL does not accept connections at 127.0.0.1:9: start it, or correct DATABASE_URL.',
    );
    expect(await refusal('postgres://scheduler:hunter2@/x?host=/nowhere')).toContain('has no socket in /nowhere');
  });

  it('says that a name cannot be resolved, or a URL not be read', async () => {
    expect(await refusal('postgres://scheduler:hunter2@db.invalid/x')).toContain('The name db.invalid in DATABASE_URL');
    expect(await refusal('postgres://scheduler:hunter2#/@127.0.0.1/x')).toMatch(
      /^DATABASE_URL is not a valid URL: .*%23/,
    );
    expect(await refusal('postgres://scheduler:hunter2@127.0.0.1:port/x')).toMatch(/^DATABASE_URL is not a valid URL/);
  });

  it('says which file of the URL cannot be read', async () => {
    const url = (file: string) => `postgres://scheduler:hunter2@127.0.0.1:9/x?sslmode=verify-full&sslrootcert=${file}`;
    expect(await refusal(url('/nowhere/ca.pem'))).toMatch(/^The file \/nowhere\/ca.pem, .* \(ENOENT\)/);
  });

  it.each([
    ['something else listens there', 'SSH-2.0-OpenSSH_9.2\r\n', ''],
    ['something else listens there, by TLS', 'HTTP/1.1 400 Bad Request\r\n\r\n', '?sslmode=verify-full'],
    ['TLS fails', `S${'no handshake '.repeat(10)}`, '?sslmode=verify-full'],
  ])('says that %s', async (_, greeting, parameters) => {
    const server = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end(greeting),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const message = await refusal(`postgres://scheduler:hunter2@127.0.0.1:${port}/x${parameters}`);
    await new Promise((resolve) => server.close(resolve));
    expect(message).toMatch(
      new RegExp(`^(PostgreSQL at|What listens at|TLS with PostgreSQL at) 127\\.0\\.0\\.1:${port} .*DATABASE_URL`),
    );
  });

  it('says which role, password or database is wrong', async () => {
    await using database = await createDatabase();
    await using other = await withRole(database);
    expect(await refusal(changed({ ...database, url: other.url }, (url) => (url.password = 'wrong')))).toContain(
      `refuses the password of role "${other.role}"`,
    );
    expect(await refusal(changed({ ...database, url: other.url }, (url) => (url.password = '')))).toContain(
      'wants a password',
    );
    expect(await refusal(changed(database, (url) => (url.pathname = '/nowhere')))).toContain(
      'has no database "nowhere"',
    );
  });

  it('says which right the role lacks', async () => {
    await using database = await createDatabase();
    await using other = await withRole(database);
    expect(await refusal(other.url)).toMatch(/^Role "role_\w+" lacks a right .*permission denied for schema public/);
    await database.query(`GRANT ALL ON SCHEMA public TO ${other.role}`);
    expect(await refusal(other.url)).toMatch(/lacks a right .*permission denied for database .*ALTER DATABASE/);
  });

  it('says that no connection is free', async () => {
    await using database = await createDatabase();
    await using other = await withRole(database, 'CONNECTION LIMIT 0');
    expect(await refusal(other.url)).toContain('has no connection free');
  });

  it('says that the database takes no connections', async () => {
    await using database = await createDatabase();
    const maintenance = changed(database, (url) => (url.pathname = '/postgres'));
    const client = new Client({ connectionString: maintenance });
    await client.connect();
    await client.query(`ALTER DATABASE ${database.name} ALLOW_CONNECTIONS false`);
    const message = await refusal(database.url);
    await client.end();
    expect(message).toContain('is not currently accepting connections');
  });

  it('says that TLS is not offered', async () => {
    await using database = await createDatabase();
    expect(await refusal(`${database.url}?sslmode=require`)).toContain('does not offer TLS: take sslmode out');
  });

  it.each(['LATIN1', 'SQL_ASCII'])('refuses a database in %s', async (encoding) => {
    await using database = await createDatabase();
    const name = `${database.name}_other`;
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      `CREATE DATABASE ${name} ENCODING '${encoding}' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
    );
    try {
      expect(await refusal(changed(database, (url) => (url.pathname = name)))).toContain(
        `Database "${name}" has the encoding ${encoding}`,
      );
    } finally {
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await client.end();
    }
  });

  it('does not change a database that a later version has migrated, and runs on it', async () => {
    await using database = await createDatabase();
    await migrate(database.url);
    await database.query(`INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'Later9999999999999')`);
    const app = await createApplication(testConfig(database.url));
    await app.close();
    expect(await database.query(`SELECT FROM migrations WHERE name = 'Later9999999999999'`)).toHaveLength(1);
  });
});

describe('a server of its own', () => {
  it('is refused while it wants TLS, and as a standby', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'seed-unusable-'));
    chmodSync(dataDir, 0o755);
    try {
      const first = await startEmbeddedPostgres({ dataDir, isDurable: false });
      const rules = join(dataDir, 'postgres', 'pg_hba.conf');
      const before = readFileSync(rules, 'utf8');
      const client = new Client({ connectionString: first.url });
      await client.connect();
      writeFileSync(rules, 'hostssl all all 127.0.0.1/32 scram-sha-256\n');
      await client.query('SELECT pg_reload_conf()');
      await vi.waitFor(async () => expect(await refusal(first.url)).toContain('?sslmode=verify-full'), 30_000);
      writeFileSync(rules, before);
      await client.end();
      await first.stop();

      appendFileSync(join(dataDir, 'postgres', 'standby.signal'), '');
      const standby = await startEmbeddedPostgres({ dataDir, isDurable: false });
      expect(await refusal(standby.url)).toContain('is on a read-only standby');
      await standby.stop();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
