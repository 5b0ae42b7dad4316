import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };
const MODULE = new URL('../../src/database/embedded-postgres.ts', import.meta.url);

// A service process in small: tells its database's address, then stops it when its input ends.
const SERVICE = `
  process.on('SIGINT', () => {});
  const { startEmbeddedPostgres } = await import('${MODULE.href}');
  const postgres = await startEmbeddedPostgres({ dataDir: process.argv[1], isDurable: false });
  console.log(postgres.url);
  for await (const _ of process.stdin);
  await postgres.stop();
`;

describe('the embedded PostgreSQL', () => {
  let dataDir: string;
  const services: ChildProcess[] = [];

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
    chmodSync(dataDir, 0o711);
  });

  afterEach(async () => {
    for (const service of services.splice(0)) await end(service);
    // Whatever a test left running goes with the last user.
    if (existsSync(join(dataDir, 'postgres')))
      await (await startEmbeddedPostgres({ dataDir, isDurable: false })).stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** Starts a service process and resolves with the address of its database. */
  async function starts(account: { uid?: number; gid?: number } = {}) {
    const args = ['--import', 'tsx', '--input-type=module', '-e', SERVICE, dataDir];
    const service = spawn(process.execPath, args, {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
      ...account,
    });
    services.push(service);
    const line = createInterface({ input: service.stdout });
    const [url] = (await Promise.race([once(line, 'line'), once(line, 'close')])) as [string | undefined];
    if (!url) throw new Error('the service process ended before its database was up');
    return { url, service };
  }

  const serverPid = () => Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n', 1)[0]);

  it('is made on the first start and keeps its data and address ever after', async () => {
    const first = await startEmbeddedPostgres({ dataDir, isDurable: false });
    await query(first.url, 'CREATE TABLE kept (n int)');
    await first.stop();
    await first.stop();
    await expect(query(first.url, 'SELECT')).rejects.toThrow('ECONNREFUSED');

    const second = await startEmbeddedPostgres({ dataDir, isDurable: false });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT * FROM kept')).toEqual([]);
    await second.stop();
  });

  it('takes a password, listens on loopback only, and keeps its writes safe unless told otherwise', async () => {
    const postgres = await startEmbeddedPostgres({ dataDir });
    const stranger = new URL(postgres.url);
    stranger.password = 'guess';

    await expect(query(stranger.href, 'SELECT')).rejects.toThrow('password authentication failed');
    expect(await query(postgres.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(await query(postgres.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    await postgres.stop();
  });

  it('is one and the same for processes whose first starts coincide, and the last of them stops it', async () => {
    const [a, b, c] = await Promise.all([starts(), starts(), starts()]);
    expect(new Set([a.url, b.url, c.url]).size).toBe(1);

    await end(a.service);
    await end(b.service);
    expect(await query(c.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await end(c.service);
    await expect(query(c.url, 'SELECT')).rejects.toThrow('ECONNREFUSED');
  });

  it('outlives the Ctrl-C that its service process receives, until that one stops it', async () => {
    const { url, service } = await starts();
    process.kill(-service.pid!, 'SIGINT');

    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await end(service);
    await expect(query(url, 'SELECT')).rejects.toThrow('ECONNREFUSED');
  });

  it('comes back with all data after its server was killed', async () => {
    const { url, service } = await starts();
    await query(url, 'CREATE TABLE kept AS SELECT 7 AS n');
    process.kill(serverPid(), 'SIGKILL');
    await end(service);

    const next = await starts();
    expect(await query(next.url, 'SELECT * FROM kept')).toEqual([{ n: 7 }]);
    await end(next.service);
  });

  it('does not take a killed service process for a user', async () => {
    const { url, service } = await starts();
    service.kill('SIGKILL');
    await once(service, 'exit');
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

    const next = await starts();
    expect(next.url).toBe(url);
    await end(next.service);
    await expect(query(url, 'SELECT')).rejects.toThrow('ECONNREFUSED');
  });

  it('takes over the lock of a process that was killed, and one start only does so', async () => {
    mkdirSync(join(dataDir, 'lock'));
    const { pid } = spawnSync('true');
    writeFileSync(join(dataDir, 'lock/owner'), `00000000-0000-4000-8000-000000000000 ${pid} boot 1`);

    const [a, b] = await Promise.all([starts(), starts()]);
    expect(a.url).toBe(b.url);
    expect(readdirSync(dataDir)).not.toContain('lock');
  });

  it('is not confused when the pid of its killed server belongs to another process', async () => {
    const first = await startEmbeddedPostgres({ dataDir, isDurable: false });
    const pidFile = join(dataDir, 'postgres/postmaster.pid');
    const remains = readFileSync(pidFile, 'utf8').split('\n');
    await first.stop();
    writeFileSync(pidFile, [process.pid, ...remains.slice(1)].join('\n'));
    if (isRoot) chownSync(pidFile, ownerOf(dataDir).uid, ownerOf(dataDir).gid);

    const second = await startEmbeddedPostgres({ dataDir, isDurable: false });
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await second.stop();
  });

  it('moves to another port when its own is taken', async () => {
    const first = await startEmbeddedPostgres({ dataDir, isDurable: false });
    await first.stop();
    const port = Number(new URL(first.url).port);
    const intruder = createServer().listen(port, '127.0.0.1');
    await once(intruder, 'listening');

    const second = await startEmbeddedPostgres({ dataDir, isDurable: false });
    expect(new URL(second.url).port).not.toBe(String((intruder.address() as AddressInfo).port));
    intruder.close();
    await second.stop();
  });

  it('says so when the data is from another major version', async () => {
    await (await startEmbeddedPostgres({ dataDir, isDurable: false })).stop();
    const versionFile = join(dataDir, 'postgres/PG_VERSION');
    const version = readFileSync(versionFile, 'utf8');
    writeFileSync(versionFile, '9\n');

    await expect(startEmbeddedPostgres({ dataDir, isDurable: false })).rejects.toThrow(
      /made by PostgreSQL 9, and this/,
    );
    writeFileSync(versionFile, version);
  });

  it.runIf(isRoot && canNobodyReach(import.meta.dirname))('works for an ordinary user', async () => {
    chownSync(dataDir, NOBODY.uid, NOBODY.gid);
    const { url, service } = await starts(NOBODY);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await end(service);
    await expect(query(url, 'SELECT')).rejects.toThrow('ECONNREFUSED');
  });

  it.runIf(isRoot)('keeps its data elsewhere, and says where, when root’s folder is closed to it', async () => {
    chmodSync(dataDir, 0o700);
    const log: string[] = [];
    const first = await startEmbeddedPostgres({ dataDir, isDurable: false, log: (line) => log.push(line) });
    const home = readFileSync(join(dataDir, 'postgres-is-elsewhere'), 'utf8').trim();
    try {
      expect(log.join()).toContain(home);
      await query(first.url, 'CREATE TABLE kept (n int)');
      await first.stop();
      const second = await startEmbeddedPostgres({ dataDir, isDurable: false });
      expect(await query(second.url, 'SELECT * FROM kept')).toEqual([]);
      await second.stop();
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function end(service: ChildProcess): Promise<void> {
  if (service.exitCode !== null || service.signalCode !== null) return;
  service.stdin?.end();
  await once(service, 'exit');
}

function ownerOf(dataDir: string) {
  return statSync(join(dataDir, 'postgres'));
}

function canNobodyReach(folder: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd -- "$0"', folder], { cwd: '/', ...NOBODY }).status === 0;
}
