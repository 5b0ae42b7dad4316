import { hostname } from 'node:os';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { WorkLoop } from '../queue/work-loop.js';
import type { Attempt } from './attempt.entity.js';
import { APPEND_ATTEMPTS, COUNT_DELIVERIES, PAGE_OF_DELIVERIES } from './ledger.queries.js';
import { dropPartitions, forgetOldRows, makePartitions } from './partition-upkeep.js';

const UPKEEP_INTERVAL_MS = 60_000;
const FORGET_INTERVAL_MS = 3_600_000;
const REPLICA = `${hostname()}/${process.pid}`;

/** A row to append; what is left out is null. */
export type NewAttempt = Pick<Attempt, 'deliveryId' | 'attempt' | 'scheduledFor' | 'scheduleId' | 'startedAt'> &
  Partial<Omit<Attempt, 'replica'>>;

/** The history of deliveries: appended in batches, read by schedule, dropped by the day. */
@Injectable()
export class AttemptLedger implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(AttemptLedger.name);
  private readonly upkeep = new WorkLoop(AttemptLedger.name, () => this.keepPartitions(), UPKEEP_INTERVAL_MS);
  private readonly forgetting = new WorkLoop(AttemptLedger.name, () => this.forget(), FORGET_INTERVAL_MS);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  async append(rows: NewAttempt[], manager: EntityManager): Promise<void> {
    if (rows.length === 0) return;
    await manager.query(APPEND_ATTEMPTS, [
      rows.map((row) => row.deliveryId),
      rows.map((row) => row.attempt),
      rows.map((row) => row.scheduledFor),
      rows.map((row) => row.scheduleId),
      rows.map((row) => row.startedAt),
      rows.map((row) => row.durationMs ?? null),
      rows.map((row) => row.status ?? null),
      rows.map((row) => row.error ?? null),
      rows.map((row) => row.excerpt ?? null),
      rows.map((row) => row.outcome ?? null),
      rows.map((row) => row.retryAt ?? null),
      rows.map((row) => row.missedFrom ?? null),
      rows.map((row) => row.missedCount ?? null),
      rows.map(() => REPLICA),
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
  delivery_id: string;
  attempt: number;
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
}
