import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { type Account, clusterDirectory, postgresAccount, postgresBinaries } from './postgres-account.js';
import { register, unregister, withLock } from './process-registry.js';

const USER = 'seed';
const DATABASE = 'seed_scheduler';
const START_TRIES = 8;
const START_RETRY_MS = 1_000;

export interface EmbeddedPostgresOptions {
  /** where the data, the port and the password are kept */
  dataDir: string;
  /** false trades safety against power loss for speed: for tests */
  isDurable?: boolean;
}

export interface EmbeddedPostgres {
  url: string;
  /** Stops the server if no other process uses it. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL of a data directory, or joins the one that another process has started there.
 *
 * @throws Error with what PostgreSQL said, when it cannot be started
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, isDurable = true } = options;
  mkdirSync(dataDir, { recursive: true });
  const server = new PostgresServer(dataDir, isDurable);
  const users = join(dataDir, 'postgres-users');
  const lock = join(dataDir, 'postgres-lock');
  await withLock(lock, async () => {
    await server.start();
    register(users);
  });
  return {
    url: server.urlOf(DATABASE),
    stop: () =>
      withLock(lock, async () => {
        if (unregister(users)) await server.stop();
      }),
  };
}

class PostgresServer {
  private readonly account: Account | null = postgresAccount();
  private readonly binaries = postgresBinaries(this.account);
  private readonly cluster: string;
  private readonly password: string;
  private port: number;

  constructor(
    private readonly dataDir: string,
    private readonly isDurable: boolean,
  ) {
    this.cluster = clusterDirectory(dataDir, this.account);
    this.password = this.keep('postgres-password', () => randomBytes(24).toString('base64url'));
  }

  urlOf(database: string): string {
    return `postgresql://${USER}:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  async start(): Promise<void> {
    if (!existsSync(join(this.cluster, 'PG_VERSION'))) await this.initialise();
    this.port = Number(this.keep('postgres-port', () => '0'));
    if (!(await this.isRunning())) await this.launch();
    await this.ensureDatabase();
  }

  async stop(): Promise<void> {
    if (await this.isRunning()) await this.run('pg_ctl', ['stop', '-w', '-m', 'fast', '-D', this.cluster]);
  }

  private async initialise(): Promise<void> {
    const passwordFile = join(this.cluster, '..', 'initial-password');
    writeFileSync(passwordFile, this.password, { mode: 0o644 });
    try {
      await this.run('initdb', [
        ...['-D', this.cluster, '-U', USER, '--pwfile', passwordFile],
        ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions'],
        ...(this.isDurable ? [] : ['--no-sync']),
      ]);
    } finally {
      rmSync(passwordFile);
    }
  }

  private async isRunning(): Promise<boolean> {
    try {
      await this.run('pg_ctl', ['status', '-D', this.cluster]);
      return true;
    } catch {
      return false;
    }
  }

  /** After a kill -9 the remains of the last run can be in the way for a second or so; a port can be taken meanwhile. */
  private async launch(): Promise<void> {
    for (let tries = 1; ; tries++) {
      if (tries > 1 || this.port === 0) this.port = await freePort();
      try {
        await this.run('pg_ctl', [
          'start',
          '-w',
          '-D',
          this.cluster,
          '-l',
          `${this.cluster}/server.log`,
          '-o',
          this.flags(),
        ]);
        writeFileSync(join(this.dataDir, 'postgres-port'), String(this.port));
        return;
      } catch (error) {
        if (tries === START_TRIES) throw error;
        await delay(START_RETRY_MS);
        if (await this.isRunning()) await this.stop();
      }
    }
  }

  private flags(): string {
    const settings = {
      port: this.port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      // Two service processes, each with its pools, and a person looking in.
      max_connections: 200,
      shared_buffers: '128MB',
      ...(this.isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    };
    return Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value === '' ? "''" : value}`)
      .join(' ');
  }

  private async ensureDatabase(): Promise<void> {
    const client = new Client({ connectionString: this.urlOf('postgres') });
    await client.connect();
    try {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    } finally {
      await client.end();
    }
  }

  private keep(name: string, make: () => string): string {
    const file = join(this.dataDir, name);
    if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
    return readFileSync(file, 'utf8').trim();
  }

  private run(program: string, args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      // pg_ctl hands its streams to the server: with pipes they would never close, so `-l` takes its output instead.
      const child = execFile(
        join(this.binaries, program),
        args,
        { cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C' }, ...this.account },
        (error, stdout, stderr) => {
          if (!error) resolve(stdout);
          else reject(new Error(`PostgreSQL: ${program} failed: ${stderr.trim() || stdout.trim() || error.message}`));
        },
      );
      child.on('exit', (code) => {
        if (code === 0) resolve('');
      });
    });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
