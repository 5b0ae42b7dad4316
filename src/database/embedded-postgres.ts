import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, DatabaseError } from 'pg';
import { ensureDataDir, explainedDataDir } from '../config/data-dir.js';
import { StartError } from '../config/start-error.js';
import { postgresAccount } from './postgres-account.js';
import { locateBinaries } from './postgres-binaries.js';
import { DATABASE_USER, PostgresCluster } from './postgres-cluster.js';
import { resolveHome } from './postgres-home.js';
import { PostgresUsers } from './postgres-users.js';
import { ServiceClient } from './service-client.js';
import { withLock } from './start-lock.js';

const DATABASE = 'seed_scheduler';
// The remains of a killed server (its children, their shared memory) are gone within a second or two.
const START_PATIENCE_MS = 30_000;
const RETRY_MS = 250;
const STARTING_UP = '57P03';

export interface EmbeddedPostgresOptions {
  /** everything is kept here, or this folder says where it is kept (see resolveHome) */
  dataDir: string;
  log?: (line: string) => void;
  /** default true; false is for tests: faster, and a power cut may destroy the data */
  isDurable?: boolean;
  /** gives the start up, promptly */
  signal?: AbortSignal;
}

export interface EmbeddedPostgres {
  /** of the service's database, with the password */
  readonly url: string;
  /** Takes this user off the list; the last one to go stops the server. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL of a data folder, or joins it when another process has started it. It listens on loopback only.
 *
 * Processes that were killed, this server among them, leave nothing behind that the next start does not put right.
 *
 * @throws StartError that says why it cannot run here, with the server's own last words
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log = () => {}, signal } = options;
  ensureDataDir(dataDir);
  try {
    const home = await withLock(dataDir, async () => resolveHome(dataDir, log), signal);
    return await withLock(home, () => startIn(home, { ...options, log }), signal);
  } catch (error) {
    throw explainedDataDir(error, dataDir);
  }
}

async function startIn(
  home: string,
  { log, isDurable = true, signal }: EmbeddedPostgresOptions & { log: (line: string) => void },
): Promise<EmbeddedPostgres> {
  const account = postgresAccount(join(home, 'postgres'));
  const cluster = new PostgresCluster(home, account, locateBinaries(account), isDurable);
  const users = new PostgresUsers(home);
  const user = users.add();
  let isUsed = true;
  const leave = async (): Promise<void> => {
    if (!isUsed) return;
    isUsed = false;
    if (!users.remove(user) && (await cluster.runningPort()) !== null) await cluster.stop();
  };
  try {
    const port = await ensureRunning(cluster, join(home, 'postgres-port'), log, signal);
    signal?.throwIfAborted();
    await ensureDatabase(urlOf(cluster, port, 'postgres'), signal);
    return { url: urlOf(cluster, port, DATABASE), stop: () => withLock(home, leave) };
  } catch (error) {
    await leave().catch(() => {});
    throw error;
  }
}

function urlOf(cluster: PostgresCluster, port: number, database: string): string {
  return `postgres://${DATABASE_USER}:${cluster.password}@127.0.0.1:${port}/${database}`;
}

/** @returns the port: the one of the last start, unless something else listens there now */
async function ensureRunning(
  cluster: PostgresCluster,
  portFile: string,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (!cluster.exists) {
    log('making the database: this takes a few seconds, once');
    await cluster.create(signal).catch((error: Error) => {
      signal?.throwIfAborted();
      throw new StartError(`The embedded PostgreSQL cannot make its database: ${error.message}`, { cause: error });
    });
  }
  cluster.checkVersion();
  const deadline = Date.now() + START_PATIENCE_MS;
  for (;;) {
    const running = await cluster.runningPort();
    if (running !== null) return running;
    const port = await freePort(readPort(portFile));
    writeFileSync(portFile, `${port}\n`);
    try {
      await cluster.start(port, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (Date.now() > deadline) {
        throw new StartError(
          `The embedded PostgreSQL does not start: ${(error as Error).message}\n${cluster.lastWords()}`,
          {
            cause: error,
          },
        );
      }
      await delay(RETRY_MS);
    }
  }
}

async function ensureDatabase(maintenanceUrl: string, signal: AbortSignal | undefined): Promise<void> {
  const client = await connect(maintenanceUrl, signal);
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** A server that another process has just started may still be recovering from a crash. */
async function connect(url: string, signal: AbortSignal | undefined): Promise<Client> {
  const deadline = Date.now() + START_PATIENCE_MS;
  for (;;) {
    const client = new ServiceClient({ connectionString: url, application_name: 'seed-scheduler start' });
    try {
      await client.connect();
      return client;
    } catch (error) {
      signal?.throwIfAborted();
      const isStartingUp = error instanceof DatabaseError && error.code === STARTING_UP;
      const isRefused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
      if ((!isStartingUp && !isRefused) || Date.now() > deadline) throw error;
      await delay(RETRY_MS);
    }
  }
}

function readPort(file: string): number {
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) || 0 : 0;
}

/** @returns `preferred` when nothing listens there, otherwise any free port of loopback */
async function freePort(preferred: number): Promise<number> {
  const server = createServer();
  const isBound = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(preferred, '127.0.0.1', () => resolve(true));
  });
  if (!isBound) return freePort(0);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
