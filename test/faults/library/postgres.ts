import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/database/embedded-postgres.js';
import { RESULT_TYPES } from '../../../src/database/instants.js';

const POLL_MS = 20;

/** A real PostgreSQL of its own, without fsync: what is committed outlives the server's death, not the machine's. */
export class Postgres implements AsyncDisposable {
  private readonly users: EmbeddedPostgres[] = [];

  private constructor(private readonly dataDir: string) {}

  static async start(dataDir: string): Promise<Postgres> {
    const postgres = new Postgres(dataDir);
    await postgres.start();
    return postgres;
  }

  /** As the harness reaches it: straight, whatever stands between it and the service. */
  get url(): string {
    return this.users[0].url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Again after `stopImmediately`, on the same port. */
  async start(): Promise<void> {
    const user = await startEmbeddedPostgres({ dataDir: this.dataDir, isDurable: false });
    this.users.push(user);
    if (user.url !== this.url) throw new Error(`PostgreSQL came back elsewhere: ${new URL(user.url).host}`);
  }

  /** Its immediate mode: all backends end at once, nothing is flushed, the next start recovers as from a crash. */
  async stopImmediately(): Promise<void> {
    process.kill(this.pid(), 'SIGQUIT');
    while (existsSync(this.pidFile)) await delay(POLL_MS);
  }

  /** A signal to the server and all its backends, such as SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    process.kill(-this.pid(), signal);
  }

  async query<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]> {
    const client = await this.connect();
    try {
      return (await client.query(text, values)).rows as T[];
    } finally {
      await client.end();
    }
  }

  /** A connection to hold, for locks and the like; it is the caller's to end. */
  async connect(): Promise<Client> {
    const client = new Client({
      connectionString: this.url,
      application_name: 'fault harness',
      types: RESULT_TYPES,
    });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const user of this.users) await user.stop();
  }

  private get pidFile(): string {
    return join(this.dataDir, 'postgres', 'postmaster.pid');
  }

  private pid(): number {
    return Number(readFileSync(this.pidFile, 'utf8').split('\n')[0]);
  }
}
