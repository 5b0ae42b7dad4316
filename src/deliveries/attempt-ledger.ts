import { hostname } from 'node:os';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { WorkLoop } from '../queue/work-loop.js';
import type { Attempt } from './attempt.entity.js';
import {
  APPEND_ATTEMPTS,
  COUNT_DELIVERIES,
  LIST_PARTITIONS,
  LOCK_PARTITIONS,
  PAGE_OF_DELIVERIES,
} from './ledger.queries.js';
import { expiredPartitions, partitionsAhead } from './partitions.js';

const UPKEEP_INTERVAL_MS = 3_600_000;
const REPLICA = `${hostname()}/${process.pid}`;

/** A row to append; what is left out is null. */
export type NewAttempt = Pick<Attempt, 'deliveryId' | 'attempt' | 'scheduledFor' | 'scheduleId' | 'startedAt'> &
  Partial<Omit<Attempt, 'replica'>>;

/** The history of deliveries: appended in batches, read by schedule, dropped by the day. */
@Injectable()
export class AttemptLedger implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly upkeep = new WorkLoop(AttemptLedger.name, () => this.keepPartitions(), UPKEEP_INTERVAL_MS);

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
  }

  async onModuleDestroy(): Promise<void> {
    await this.upkeep.stop();
  }

  private async keepPartitions(): Promise<false> {
    const now = new Date();
    await this.dataSource.transaction(async (manager) => {
      await manager.query(LOCK_PARTITIONS);
      const existing = (await manager.query<{ name: string }[]>(LIST_PARTITIONS)).map(({ name }) => name);
      for (const { name, from, to } of partitionsAhead(now)) {
        if (existing.includes(name)) continue;
        await manager.query(`CREATE TABLE ${name} PARTITION OF attempts FOR VALUES FROM ('${from}') TO ('${to}')`);
      }
      const retentionDays = this.config.history.retentionDays;
      for (const name of expiredPartitions(existing, now, retentionDays)) await manager.query(`DROP TABLE ${name}`);
      const oldest = new Date(now.getTime() - retentionDays * 86_400_000);
      await manager.query('DELETE FROM attempts_default WHERE scheduled_for < $1', [oldest]);
      await manager.query('DELETE FROM failed_tasks WHERE scheduled_for < $1', [oldest]);
    });
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
