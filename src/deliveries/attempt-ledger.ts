import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { REPLICA } from '../config/replica.js';
import { WorkLoop } from '../queue/work-loop.js';
import type { Attempt } from './attempt.entity.js';
import { COUNT_DELIVERIES, PAGE_OF_DELIVERIES, RECORD_MISSED } from './ledger.queries.js';
import { dropPartitions, forgetOldRows, makePartitions } from './partition-upkeep.js';

const UPKEEP_INTERVAL_MS = 60_000;
const FORGET_INTERVAL_MS = 3_600_000;
/** What the column holds. */
const MAX_COUNT = 2_147_483_647;

/** Consecutive ticks that a schedule missed. */
export interface MissedTicks {
  scheduleId: string;
  from: Date;
  to: Date;
  count: number;
}

/** The history of deliveries: appended in batches, read by schedule, dropped by the day. */
@Injectable()
export class AttemptLedger implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(AttemptLedger.name);
  private readonly upkeep = new WorkLoop(AttemptLedger.name, () => this.keepPartitions(), UPKEEP_INTERVAL_MS);
  private readonly forgetting = new WorkLoop(AttemptLedger.name, () => this.forget(), FORGET_INTERVAL_MS);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** A run of missed ticks that is recorded already stays as it is. */
  async recordMissed(missed: MissedTicks[], manager: EntityManager): Promise<void> {
    if (missed.length === 0) return;
    await manager.query(RECORD_MISSED, [
      missed.map(({ scheduleId }) => scheduleId),
      missed.map(({ from }) => from),
      missed.map(({ to }) => to),
      missed.map(({ count }) => Math.min(count, MAX_COUNT)),
      REPLICA,
    ]);
  }

  async countDeliveries(scheduleId: string): Promise<number> {
    const [row] = await this.dataSource.query<{ count: number }[]>(COUNT_DELIVERIES, [scheduleId]);
    return row?.count ?? 0;
  }

  /** Rows of one page of deliveries, newest tick first, attempts of a delivery in order. */
  async pageOfDeliveries(scheduleId: string, limit: number, offset: number): Promise<AttemptRow[]> {
    return this.dataSource.query(PAGE_OF_DELIVERIES, [scheduleId, limit, offset]);
  }

  /** Before anything is written: a row of the default partition would stand in the way of its day's. */
  async onModuleInit(): Promise<void> {
    await this.keepPartitions();
  }

  onApplicationBootstrap(): void {
    this.upkeep.start();
    this.forgetting.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.upkeep.stop(), this.forgetting.stop()]);
  }

  private async keepPartitions(): Promise<false> {
    const now = new Date();
    const isMade = await makePartitions(this.dataSource, now);
    const isDropped = await dropPartitions(this.dataSource, now, this.config.history.retentionDays);
    if (!isMade || !isDropped) this.logger.debug('partitions are in use: tried again in a minute');
    return false;
  }

  private async forget(): Promise<false> {
    await forgetOldRows(this.dataSource, new Date(), this.config.history.retentionDays);
    return false;
  }
}

/** A ledger row as SQL returns it. */
export interface AttemptRow {
  attempt: number;
  schedule_id: string;
  scheduled_for: Date;
  started_at: Date;
  duration_ms: number | null;
  status: number | null;
  error: string | null;
  excerpt: string | null;
  outcome: Attempt['outcome'];
  retry_at: Date | null;
  missed_from: Date | null;
  missed_count: number | null;
  replica: string;
  is_resent: boolean;
}
