import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { InjectDataSource } from '@nestjs/typeorm';
import { Gauge, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { Notifications } from '../database/notifications.js';
import { PROMETHEUS } from '../metrics/prometheus.js';
import { WorkLoop } from '../queue/work-loop.js';
import { Dispatcher, type DueTriggerRow } from './dispatcher.js';
import { instantCronJob } from './instant-cron-job.js';
import { UPCOMING_TRIGGERS } from './schedules.queries.js';

/** Triggers due within this time have a job. */
const HORIZON_SECONDS = 120;
/** At most so many: a CronJob takes a quarter of a millisecond to start. The sweep takes what has none. */
const MAX_JOBS = 1_000;
const SWEEP_INTERVAL_MS = 1_000;
const REFILL_INTERVAL_MS = 10_000;
// A clock this near to the database's counts as the same.
const SAME_CLOCK_MS = 50;

const jobName = (triggerId: string) => `trigger ${triggerId}`;

interface RegisteredJob {
  kind: DueTriggerRow['kind'];
  dueAt: number;
}

/**
 * Keeps one job per trigger that is due soon in the SchedulerRegistry: a CronJob or an interval, that wakes the
 * dispatcher and does no more. The only file that touches the registry.
 *
 * Nothing depends on a job for correctness: the dispatcher also looks once a second, and takes all that is due.
 */
@Injectable()
export class SchedulerService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly jobs = new Map<string, RegisteredJob>();
  private readonly sweep = new WorkLoop('Sweep', () => this.takeDue(), SWEEP_INTERVAL_MS);
  private readonly refill = new WorkLoop('Refill', () => this.syncJobs(), REFILL_INTERVAL_MS);
  private alarm: NodeJS.Timeout | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly registry: SchedulerRegistry,
    private readonly dispatcher: Dispatcher,
    notifications: Notifications,
    @Inject(PROMETHEUS) prometheus: Registry,
  ) {
    notifications.listen('seed_triggers', () => this.refill.wake());
    const jobs = this.jobs;
    new Gauge({
      name: 'seed_scheduler_registered_triggers',
      help: 'Triggers that have a job in this process, those due within two minutes.',
      registers: [prometheus],
      collect() {
        this.set(jobs.size);
      },
    });
  }

  onApplicationBootstrap(): void {
    if (!this.config.roles.includes('scheduler')) return;
    this.sweep.start();
    this.refill.start();
  }

  /** No tick is taken after this; the jobs go. */
  async onModuleDestroy(): Promise<void> {
    if (this.alarm) clearTimeout(this.alarm);
    await Promise.all([this.sweep.stop(), this.refill.stop()]);
    for (const id of [...this.jobs.keys()]) this.removeJob(id);
  }

  private async takeDue(): Promise<boolean> {
    const taken = await this.dispatcher.takeDue();
    if (taken > 0) {
      this.refill.wake();
      return true;
    }
    await this.setAlarm();
    return false;
  }

  /** A job that rang a moment early, or a tick that is nearer than the next sweep, is met on time. */
  private async setAlarm(): Promise<void> {
    const dueInMs = await this.dispatcher.nextDueInMs();
    if (this.alarm) clearTimeout(this.alarm);
    this.alarm = null;
    // Long due and not taken: another replica holds it.
    if (dueInMs === null || Math.abs(dueInMs) >= SWEEP_INTERVAL_MS) return;
    this.alarm = setTimeout(() => this.sweep.wake(), Math.max(1, Math.ceil(dueInMs)));
  }

  /** Registers, replaces and removes jobs until they are those of the triggers due within the horizon. */
  private async syncJobs(): Promise<false> {
    const rows = await this.dataSource.query<DueTriggerRow[]>(UPCOMING_TRIGGERS, [HORIZON_SECONDS, MAX_JOBS]);
    const upcoming = new Map(rows.map((row) => [row.id, row]));
    for (const id of [...this.jobs.keys()]) {
      if (!upcoming.has(id)) this.removeJob(id);
    }
    for (const [id, row] of upcoming) {
      const job = this.jobs.get(id);
      if (job?.dueAt === row.next_fire_at.getTime()) continue;
      if (job) this.removeJob(id);
      if (row.next_fire_at > row.now) this.addJob(row);
    }
    return false;
  }

  private addJob({ id, kind, next_fire_at, now }: DueTriggerRow): void {
    const skewMs = Date.now() - now.getTime();
    const dueAt = Math.abs(skewMs) < SAME_CLOCK_MS ? next_fire_at : new Date(next_fire_at.getTime() + skewMs);
    const delayMs = dueAt.getTime() - Date.now();
    if (delayMs <= 0) return this.sweep.wake();
    const wake = () => this.sweep.wake();
    if (kind === 'cron') {
      const job = instantCronJob(dueAt, wake);
      this.registry.addCronJob(jobName(id), job);
      job.start();
    } else {
      this.registry.addInterval(jobName(id), setInterval(wake, delayMs));
    }
    this.jobs.set(id, { kind, dueAt: next_fire_at.getTime() });
  }

  private removeJob(id: string): void {
    const name = jobName(id);
    if (this.jobs.get(id)?.kind === 'cron') {
      if (this.registry.doesExist('cron', name)) this.registry.deleteCronJob(name);
    } else if (this.registry.doesExist('interval', name)) this.registry.deleteInterval(name);
    this.jobs.delete(id);
  }
}
