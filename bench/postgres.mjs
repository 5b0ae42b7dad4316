import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../dist/database/embedded-postgres.js';
import { makeTempDir, statOf } from './processes.mjs';

const CLOCK_TICKS = 100;

/** The PostgreSQL of all contenders: the service's own embedded one with its own settings, fsync on. */
export async function startPostgres() {
  const dataDir = makeTempDir();
  const embedded = await startEmbeddedPostgres({ dataDir });
  const folder = join(dataDir, 'postgres');
  const admin = new pg.Pool({ connectionString: embedded.url, max: 2 });
  return {
    settings: async () => settingsOf(admin),
    /** Seconds of processor time of the server, its processes, and those that have ended. */
    cpuSeconds: () => cpuSecondsOf(folder),
    readLog: () => readFileSync(join(folder, 'server.log'), 'utf8'),
    createDatabase: () => createDatabase(admin, embedded.url),
    /** So that no contender pays for pages that the one before it left to be written. */
    checkpoint: () => admin.query('CHECKPOINT'),
    async stop() {
      await admin.end();
      await embedded.stop();
    },
  };
}

async function settingsOf(admin) {
  const names = ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size'];
  const { rows } = await admin.query('SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name', [
    names,
  ]);
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

async function createDatabase(admin, serverUrl) {
  const name = `bench_${randomUUID().replaceAll('-', '')}`;
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = name;
  const pool = new pg.Pool({ connectionString: url.href, max: 4, application_name: 'bench' });
  // The server's end, or DROP DATABASE, cuts idle connections.
  pool.on('error', () => {});
  return {
    name,
    url: url.href,
    query: async (text, values) => (await pool.query(text, values)).rows,
    /** @returns the first column of the first row */
    async value(text, values) {
      const [row] = (await pool.query(text, values)).rows;
      return row === undefined ? undefined : Object.values(row)[0];
    },
    walPosition: async () => Number((await pool.query(`SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS at`)).rows[0].at),
    async drop() {
      await pool.end();
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

function cpuSecondsOf(folder) {
  const [server] = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const fields = statOf(pid);
    if (pid !== server && fields[1] !== server) continue;
    ticks += Number(fields[11]) + Number(fields[12]);
    if (pid === server) ticks += Number(fields[13]) + Number(fields[14]);
  }
  return ticks / CLOCK_TICKS;
}
