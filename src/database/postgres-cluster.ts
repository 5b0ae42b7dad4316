import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../config/start-error.js';
import type { Account } from './postgres-account.js';
import type { PostgresBinaries } from './postgres-binaries.js';

export const DATABASE_USER = 'seed_scheduler';
const MAX_LOG_BYTES = 10 * 1024 * 1024;
// What pg_ctl answers to `status` when no server runs, see its manual.
const NOT_RUNNING = 3;
// One above the largest that Linux gives, see proc_sys_kernel(5).
const IMPOSSIBLE_PID = 4_194_305;
const CRASH_RECOVERY_SECONDS = 300;
/** Before it is there nobody can tell that the server runs, to stop it. */
const TIME_FOR_A_PID_FILE_MS = 2_000;

class PgCtlError extends StartError {
  constructor(
    message: string,
    readonly exitCode: number | null,
  ) {
    super(message);
  }
}

/** One data folder of PostgreSQL and the programs that act on it. Knows nothing of who uses it, and takes no locks. */
export class PostgresCluster {
  private readonly folder: string;
  private readonly logFile: string;

  constructor(
    private readonly home: string,
    private readonly account: Account,
    private readonly binaries: PostgresBinaries,
    private readonly isDurable: boolean,
  ) {
    this.folder = join(home, 'postgres');
    this.logFile = join(this.folder, 'server.log');
  }

  get exists(): boolean {
    return existsSync(this.folder);
  }

  /** The password of the one account, made with the cluster. */
  get password(): string {
    return readFileSync(this.passwordFile, 'utf8').trim();
  }

  /** Made aside and then moved into place: an initdb that was cut off leaves nothing that looks like a cluster. */
  async create(signal?: AbortSignal): Promise<void> {
    for (const name of readdirSync(this.home).filter((entry) => entry.startsWith('postgres.draft-'))) {
      rmSync(join(this.home, name), { recursive: true, force: true, maxRetries: 5 });
    }
    const draft = join(this.home, `postgres.draft-${randomUUID()}`);
    this.mkdirForAccount(draft);
    const data = join(draft, 'data');
    this.mkdirForAccount(data);
    const passwordFile = join(draft, 'password');
    writeFileSync(this.passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
    writeFileSync(passwordFile, this.password, { mode: 0o600 });
    if (this.account) chownSync(passwordFile, this.account.uid, this.account.gid);
    const options = [
      ...['--pgdata', data, '--username', DATABASE_USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      // Sorting that does not depend on the machine: an upgrade of its C library cannot corrupt an index.
      ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      ...(this.isDurable ? [] : ['--no-sync']),
    ];
    await this.run('initdb', options, signal);
    renameSync(data, this.folder);
    rmSync(draft, { recursive: true });
  }

  /** @throws StartError when the data was made by another major version */
  checkVersion(): void {
    const made = Number(readFileSync(join(this.folder, 'PG_VERSION'), 'utf8'));
    const { majorVersion } = this.binaries;
    if (made === majorVersion) return;
    throw new StartError(
      `The database in ${this.folder} was made by PostgreSQL ${made}, and this is PostgreSQL ${majorVersion}. ` +
        'Dump it with the version of the service that made it, and restore the dump into an empty DATA_DIR.',
    );
  }

  /** The port of the running server, or null when none runs. */
  async runningPort(): Promise<number | null> {
    this.disownStalePid();
    try {
      await this.run('pg_ctl', ['status', '--pgdata', this.folder]);
    } catch (error) {
      if (error instanceof PgCtlError && error.exitCode === NOT_RUNNING) return null;
      throw error;
    }
    const port = Number(this.pidFileLines()[3]);
    return port > 0 ? port : null;
  }

  /**
   * pg_ctl gives the server a session of its own, so that a terminal's Ctrl-C does not reach it.
   *
   * @param signal ends the wait for a server that recovers from a crash; it runs on
   */
  async start(port: number, signal?: AbortSignal): Promise<void> {
    this.keepLogSmall();
    const settings = Object.entries(this.serverSettings(port)).map(([name, value]) => `-c ${name}=${value}`);
    const options = [
      ...['start', '--wait', '--silent', '--timeout', String(CRASH_RECOVERY_SECONDS)],
      ...['--pgdata', this.folder, '--log', this.logFile, '--options', settings.join(' ')],
    ];
    await this.run('pg_ctl', options, delayed(signal, TIME_FOR_A_PID_FILE_MS));
  }

  async stop(): Promise<void> {
    await this.run('pg_ctl', ['stop', '--wait', '--silent', '--mode', 'fast', '--pgdata', this.folder]);
  }

  /** The end of the server's log, for error messages. */
  lastWords(): string {
    if (!existsSync(this.logFile)) return '';
    return readFileSync(this.logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
  }

  private get passwordFile(): string {
    return join(this.home, 'postgres-password');
  }

  private serverSettings(port: number): Record<string, string | number> {
    // What is committed still survives the server's death, only not the machine's.
    const testSettings = { fsync: 'off', full_page_writes: 'off' };
    return {
      port,
      listen_addresses: '127.0.0.1',
      // A socket's path may have no more than 107 characters, which a data folder's can exceed.
      unix_socket_directories: '',
      // Several replicas with a pool each, and a person looking in.
      max_connections: 200,
      // An eighth of a machine with 1 GB; the file cache does the rest.
      shared_buffers: '128MB',
      // Compiling pays off for long analytical queries, of which there are none.
      jit: 'off',
      timezone: 'UTC',
      log_timezone: 'UTC',
      // Statements and the values in error details can hold payloads.
      log_min_error_statement: 'panic',
      log_error_verbosity: 'terse',
      ...(this.isDurable ? {} : testSettings),
    };
  }

  private mkdirForAccount(folder: string): void {
    mkdirSync(folder, { mode: 0o700 });
    if (this.account) chownSync(folder, this.account.uid, this.account.gid);
  }

  private keepLogSmall(): void {
    const size = statSync(this.logFile, { throwIfNoEntry: false })?.size ?? 0;
    if (size > MAX_LOG_BYTES) renameSync(this.logFile, `${this.logFile}.1`);
  }

  /**
   * After a kill -9 or a power cut the pid in there can be any other process's, which would pass for the server. A pid
   * that cannot be takes its place; the file stays, since by its other lines PostgreSQL sees children that live on.
   */
  private disownStalePid(): void {
    const [pid, ...rest] = this.pidFileLines();
    if (!pid || process.platform !== 'linux') return;
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) === realpathSync(this.folder)) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return;
    }
    writeFileSync(this.pidFile, [IMPOSSIBLE_PID, ...rest].join('\n'));
  }

  private get pidFile(): string {
    return join(this.folder, 'postmaster.pid');
  }

  private pidFileLines(): string[] {
    return existsSync(this.pidFile) ? readFileSync(this.pidFile, 'utf8').split('\n') : [];
  }

  private run(program: 'initdb' | 'pg_ctl', args: string[], signal?: AbortSignal): Promise<void> {
    const options = {
      // The account need not be able to read the folder that the service was started in.
      cwd: '/',
      // Nothing of the service's own environment; messages in English, since they end up in ours.
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
      // Out of the terminal's reach: a second Ctrl-C must not cut a stop short.
      detached: true,
      signal,
      ...this.account,
    };
    return new Promise((resolve, reject) => {
      execFile(join(this.binaries.folder, program), args, options, (error, stdout, stderr) => {
        if (!error) return resolve();
        const said = reasonIn(stderr) ?? (stdout.trim() || error.message);
        reject(new PgCtlError(`${program}: ${said}`, typeof error.code === 'number' ? error.code : null));
      });
    });
  }
}

/** The line that says what went wrong, of all that a program says of its steps. */
function reasonIn(stderr: string): string | null {
  const lines = stderr.trim().split('\n');
  return (lines.find((line) => /FATAL|PANIC|error:/.test(line)) ?? lines[0]) || null;
}

/** A signal that is aborted some time after another one. */
function delayed(signal: AbortSignal | undefined, ms: number): AbortSignal | undefined {
  if (!signal) return undefined;
  const later = new AbortController();
  const abort = () => void setTimeout(() => later.abort(), ms).unref();
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return later.signal;
}
