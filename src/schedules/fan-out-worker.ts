import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { type FetchedJob, JobQueue, LEASE_SECONDS } from '../queue/job-queue.js';
import { WorkLoop } from '../queue/work-loop.js';
import { FAN_OUT_QUEUE, FanOut, type Firing, reviveFiring } from './fan-out.js';
import { TriggersService } from './triggers.service.js';

const POLL_INTERVAL_MS = 1_000;

/** Continues the fan-out of ticks that have more schedules than one page. */
@Injectable()
export class FanOutWorker implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop = new WorkLoop(FanOutWorker.name, () => this.continueOne(), POLL_INTERVAL_MS);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly queue: JobQueue,
    private readonly fanOut: FanOut,
    private readonly triggers: TriggersService,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.queue.define(FAN_OUT_QUEUE, {
      retryLimit: 1_000_000,
      retentionSeconds: 365 * 86_400,
      deleteAfterSeconds: 60,
      heartbeatSeconds: LEASE_SECONDS,
    });
  }

  onApplicationBootstrap(): void {
    if (this.config.roles.includes('scheduler')) this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  wake(): void {
    this.loop.wake();
  }

  /** Fires the next page of one tick. @returns whether there was one */
  async continueOne(): Promise<boolean> {
    const [job] = await this.queue.fetch<Firing>(FAN_OUT_QUEUE, 1);
    if (!job) return false;
    await this.triggers.retireUnused(await this.firePage(job));
    return true;
  }

  /** Page, next cursor and the end of this job are one transaction: each page is fired once. */
  private firePage(job: FetchedJob<Firing>): Promise<string[]> {
    return this.dataSource.transaction(async (manager) => {
      const settled = await this.queue.complete(FAN_OUT_QUEUE, [job], manager);
      return settled.has(job.id) ? this.fanOut.fire([reviveFiring(job.data)], manager) : [];
    });
  }
}
