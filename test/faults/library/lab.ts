import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiCall } from '../../support/api.js';
import { Account, ATTEMPTS, type AttemptRow } from './account.js';
import { firstTickOf, type Obligation, obligationsOf, type Watched } from './oracle.js';
import { Postgres } from './postgres.js';
import { Proxy } from './proxy.js';
import { Replica, type ReplicaOptions } from './replica.js';
import { Sink } from './sink.js';
import { Timeline } from './timeline.js';

const POLL_MS = 250;
const FAR_AWAY = 8.64e15;
const CREATED_AT_ONCE = 16;

const openLabs = new Set<Lab>();

/** For when the harness itself is told to stop. */
export async function closeLabs(): Promise<void> {
  await Promise.all([...openLabs].map((lab) => lab[Symbol.asyncDispose]()));
}

/**
 * Where an experiment takes place: a real PostgreSQL, a proxy before it, a sink, and as many replicas as it starts.
 * All of it is its own, and is gone at the end.
 *
 *     await using lab = await Lab.open();
 *     await lab.replicas(3);
 *     const schedules = await lab.createsMany(50, { endpoint: await lab.sink.at('/hook'), frequency: 10 });
 *     ... do harm ...
 *     const account = await lab.settled(schedules, 60_000);
 *     return [...nothingLost(lab, account), duplicatesAtMost(lab, account, 0)];
 */
export class Lab implements AsyncDisposable {
  readonly timeline = new Timeline();
  private readonly started: Replica[] = [];
  private readonly sinks: Sink[] = [];

  private constructor(
    readonly folder: string,
    readonly postgres: Postgres,
    readonly proxy: Proxy,
    readonly sink: Sink,
  ) {
    this.sinks.push(sink);
    openLabs.add(this);
  }

  static async open(): Promise<Lab> {
    const folder = mkdtempSync(join(tmpdir(), 'seed-faults-'));
    // The account of PostgreSQL must be able to pass through.
    chmodSync(folder, 0o755);
    const postgres = await Postgres.start(join(folder, 'database'));
    return new Lab(folder, postgres, await Proxy.start(postgres.port), await Sink.start(folder, 'sink'));
  }

  /** Starts a process on this lab's PostgreSQL, by way of the proxy, and waits for it to be ready. */
  replica(options: ReplicaOptions = {}): Promise<Replica> {
    return this.launch(options).isReady();
  }

  replicas(count: number, options: ReplicaOptions = {}): Promise<Replica[]> {
    return Promise.all(Array.from({ length: count }, () => this.replica(options)));
  }

  /** Starts a process that may not live to be ready. */
  launch({ environment, ...options }: ReplicaOptions = {}): Replica {
    const name = `replica ${this.started.length + 1}`;
    const replica = Replica.launch(name, this.folder, this.timeline, {
      environment: { DATABASE_URL: this.databaseUrl, ...environment },
      ...options,
    });
    this.started.push(replica);
    return replica;
  }

  /** Of this lab's PostgreSQL, by way of the proxy. */
  get databaseUrl(): string {
    const url = new URL(this.postgres.url);
    url.port = String(this.proxy.port);
    return url.href;
  }

  /** Another origin, with a log of its own. */
  async anotherSink(): Promise<Sink> {
    const sink = await Sink.start(this.folder, `sink-${this.sinks.length + 1}`);
    this.sinks.push(sink);
    return sink;
  }

  /** The API of a replica that runs. */
  get api(): ApiCall {
    const replica = this.running.at(-1);
    if (!replica) throw new Error('no replica is running');
    return replica.call;
  }

  /** Those that have ended too, in the order of their starts. */
  get all(): readonly Replica[] {
    return this.started;
  }

  get running(): Replica[] {
    return this.started.filter(({ isRunning }) => isRunning);
  }

  /** Makes a schedule, due every second unless its fields say otherwise. */
  async creates(fields: object, api = this.api): Promise<Watched> {
    const hasDefinition = 'interval_definition' in fields || 'cron_definition' in fields;
    const schedule = { payload: {}, ...(!hasDefinition && { interval_definition: '1 seconds' }), ...fields };
    const { status, text, body } = await api('POST', '/api/v1/schedule/', schedule);
    if (status !== 201) throw new Error(`not created: ${status} ${text}`);
    const createdAt = Date.parse(body.created_at as string);
    const watched: Watched = { ...(body as Watched), activeSince: createdAt, createdAt };
    // A tick that was taken while the creation was not committed yet is not promised: the answer names a later one. It
    // does so too when the tick is the schedule's and is being fired just then.
    const promised = Date.parse(body.next_send_at as string);
    const isTaken = promised > firstTickOf(watched) && body.triggered === 0;
    if (!isTaken || (await this.hasFired(watched))) return watched;
    return { ...watched, activeSince: promised - 1 };
  }

  /** Whether the first tick of a schedule, which was taken, was for this schedule: known when nothing is being fired. */
  private async hasFired(schedule: Watched): Promise<boolean> {
    for (;;) {
      const [{ is_firing, has_fired }] = await this.postgres.query<{ is_firing: boolean; has_fired: boolean }>(
        `SELECT EXISTS (SELECT FROM firings f JOIN schedules s USING (trigger_id) WHERE s.id = $1) AS is_firing,
                EXISTS (SELECT FROM deliveries WHERE schedule_id = $1 AND scheduled_for = $2
                        UNION ALL SELECT FROM attempts WHERE schedule_id = $1 AND scheduled_for = $2) AS has_fired`,
        [schedule.id, new Date(firstTickOf(schedule))],
      );
      if (has_fired || !is_firing) return has_fired;
    }
  }

  async createsMany(count: number, fields: object): Promise<Watched[]> {
    const schedules: Watched[] = [];
    while (schedules.length < count) {
      const batch = Math.min(CREATED_AT_ONCE, count - schedules.length);
      schedules.push(...(await Promise.all(Array.from({ length: batch }, () => this.creates(fields)))));
    }
    return schedules;
  }

  /**
   * Copies a schedule in the database: thousands in a second, on the same trigger, whatever columns there are.
   *
   * @throws Error when it was due before they were there
   */
  async clones(original: Watched, count: number): Promise<Watched[]> {
    const rows = await this.postgres.query<{ id: string }>(
      `INSERT INTO schedules
       SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).*
         FROM schedules s, generate_series(1, $2) WHERE s.id = $1
       RETURNING id`,
      [original.id, count],
    );
    if (Date.now() >= firstTickOf(original)) throw new Error('the first tick came before the clones');
    return rows.map(({ id }) => ({ ...original, id }));
  }

  /**
   * Makes an outage longer than it was: what the database holds becomes older by `ms`. Every replica must be down. Ticks
   * stay where they are on the clock when `ms` is a multiple of every period.
   */
  async age(schedules: Watched[], ms: number): Promise<Watched[]> {
    const by = [ms / 1000];
    await this.postgres.query('UPDATE triggers SET next_fire_at = next_fire_at - make_interval(secs => $1)', by);
    await this.postgres.query('UPDATE schedules SET active_since = active_since - make_interval(secs => $1)', by);
    this.timeline.note(`the database ages by ${ms / 1000} s`);
    return schedules.map((one) => ({ ...one, activeSince: one.activeSince - ms, createdAt: one.createdAt - ms }));
  }

  /** The account of ticks up to `until`; without it, of all runs of schedules that have a frequency. */
  async account(due: Watched[] | Obligation[], until = FAR_AWAY): Promise<Account> {
    const expected = due.flatMap((one) => ('tick' in one ? [one] : obligationsOf([one], until)));
    // Rows first: whatever they record has arrived by the time that the sinks are asked.
    const rows = await this.postgres.query<AttemptRow>(ATTEMPTS);
    const arrivals = this.sinks.flatMap((sink) => sink.seen()).filter(({ tick }) => tick <= until);
    return new Account(expected, arrivals, rows);
  }

  /** Waits until every delivery that was due has a recorded outcome, or time is up: then some figures will say so. */
  async settled(due: Watched[] | Obligation[], timeoutMs: number, until = FAR_AWAY): Promise<Account> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const account = await this.account(due, until);
      if (account.open.length === 0 || Date.now() > deadline) return account;
      await delay(POLL_MS);
    }
  }

  /** Waits for something to be true. @throws Error when it does not become so in time */
  async until(what: string, isTrue: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await isTrue())) {
      if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
      await delay(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!openLabs.delete(this)) return;
    for (const replica of this.started) await replica[Symbol.asyncDispose]();
    for (const sink of this.sinks) await sink[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.postgres[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
