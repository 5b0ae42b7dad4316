import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { PgBoss, type QueueOptions } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';

/** How long a job may stay in hand; its holder is then taken for dead, and it goes back. */
export const LEASE_SECONDS = 15;
const SUPERVISE_INTERVAL_SECONDS = 5;
const POOL_SIZE = 6;

/** A job as it was fetched. `retryCount` is the fence: settling applies to this attempt only, never to a later one. */
export interface FetchedJob<T> {
  id: string;
  retryCount: number;
  data: T;
}

export type JobAttempt = Pick<FetchedJob<unknown>, 'id' | 'retryCount'>;

export interface NewJob<T> {
  id?: string;
  data: T;
}

/**
 * Durable queues on the service's own PostgreSQL. The only file that touches pg-boss.
 *
 * Writes that are given an EntityManager are part of its transaction.
 */
@Injectable()
export class JobQueue implements OnApplicationShutdown {
  private readonly logger = new Logger(JobQueue.name);
  private readonly boss: PgBoss;
  private readonly defined = new Map<string, Promise<void>>();
  private started: Promise<unknown> | null = null;

  constructor(@Inject(CONFIG) config: Config) {
    this.boss = new PgBoss({
      connectionString: config.database.url,
      application_name: 'seed-scheduler queue',
      max: POOL_SIZE,
      schedule: false,
      superviseIntervalSeconds: SUPERVISE_INTERVAL_SECONDS,
      monitorIntervalSeconds: SUPERVISE_INTERVAL_SECONDS,
      maintenanceIntervalSeconds: 60,
    });
    this.boss.on('error', (error) => this.logger.warn(`queue: ${error.message}`));
    this.boss.on('warning', (warning) => this.logger.warn(`queue: ${warning.message}`));
  }

  /** Makes the queue if it is not there. Called by each room for its own queues before it uses them. */
  async define(
    name: string,
    options: QueueOptions & { partition?: boolean; heartbeatSeconds?: number },
  ): Promise<void> {
    this.started ??= this.boss.start();
    await this.started;
    const { partition, ...updatable } = options;
    const creation = this.defined.get(name) ?? this.boss.createQueue(name, { ...updatable, partition });
    this.defined.set(name, creation);
    await creation;
    await this.boss.updateQueue(name, updatable);
  }

  /** Adds jobs. One whose id is in the queue already, settled or not, is left as it is. */
  async insert<T extends object>(name: string, jobs: NewJob<T>[], manager?: EntityManager): Promise<void> {
    if (jobs.length > 0) await this.boss.insert(name, jobs, within(manager));
  }

  async fetch<T>(name: string, batchSize: number): Promise<FetchedJob<T>[]> {
    return this.boss.fetch<T>(name, { batchSize, includeMetadata: true });
  }

  /** @returns the ids that were settled: those of jobs whose attempt is still the current one */
  async complete(name: string, jobs: JobAttempt[], manager?: EntityManager): Promise<Set<string>> {
    if (jobs.length === 0) return new Set();
    return settledIds(await this.boss.complete(name, jobs.map(attemptOf), null, within(manager)));
  }

  /** Hands jobs one at a time to a handler; for low volumes. A handler that throws gives its job back. */
  async work<T extends object>(name: string, handler: (data: T) => Promise<void>): Promise<void> {
    await this.boss.work<T>(name, { pollingIntervalSeconds: 1 }, async ([job]) => {
      if (job) await handler(job.data);
    });
  }

  /** Whether the queue's tables are there and answer. */
  async isReady(): Promise<boolean> {
    return (await this.boss.schemaVersion()) !== null;
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.started) await this.boss.stop({ graceful: false });
  }
}

function attemptOf({ id, retryCount }: JobAttempt): JobAttempt {
  return { id, retryCount };
}

function settledIds(response: object): Set<string> {
  return new Set((response as { settled?: string[] }).settled ?? []);
}

function within(manager: EntityManager | undefined): { db?: ReturnType<PgBoss['getDb']> } {
  if (!manager) return {};
  return {
    db: {
      executeSql: async (text: string, values?: unknown[]) => {
        const result = await manager.queryRunner!.query(text, values, true);
        return { rows: result.records as unknown[] };
      },
    },
  };
}
