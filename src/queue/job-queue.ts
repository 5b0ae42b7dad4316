import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { PgBoss, type QueueOptions } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { IMPATIENCE } from '../database/data-source-options.js';

// Few jobs and slow ones: what is hot has tables of its own.
const SUPERVISE_INTERVAL_SECONDS = 60;
/** A replica's, at most. */
export const CONNECTIONS_OF_QUEUE = 2;
// Replicas that start together wait for the one that makes the tables of the queue.
const PATIENT_AT_START = { ...IMPATIENCE, lock_timeout: IMPATIENCE.statement_timeout };

export interface NewJob<T> {
  id?: string;
  data: T;
}

/**
 * Durable queues on the service's own PostgreSQL, for jobs that are few: deliveries have a table of their own. The only
 * file that touches pg-boss.
 *
 * Writes that are given an EntityManager are part of its transaction.
 */
@Injectable()
export class JobQueue implements OnApplicationShutdown {
  private readonly logger = new Logger(JobQueue.name);
  private readonly boss: PgBoss;
  private started: Promise<unknown> | null = null;

  constructor(@Inject(CONFIG) config: Config) {
    this.boss = new PgBoss({
      connectionString: config.database.url,
      application_name: 'seed-scheduler queue',
      max: CONNECTIONS_OF_QUEUE,
      ...PATIENT_AT_START,
      schedule: false,
      superviseIntervalSeconds: SUPERVISE_INTERVAL_SECONDS,
      monitorIntervalSeconds: SUPERVISE_INTERVAL_SECONDS,
      maintenanceIntervalSeconds: 60,
    });
    this.boss.on('error', (error) => this.logger.warn(`queue: ${error.message}`));
    this.boss.on('warning', (warning) => this.logger.warn(`queue: ${warning.message}`));
  }

  /** Makes the queue if it is not there. Called by each room for its own queues before it uses them. */
  async define(name: string, options: QueueOptions): Promise<void> {
    this.started ??= this.boss.start();
    await this.started;
    await this.boss.createQueue(name, options);
    await this.boss.updateQueue(name, options);
  }

  /** Adds jobs. One whose id is in the queue already, settled or not, is left as it is. */
  async insert<T extends object>(name: string, jobs: NewJob<T>[], manager?: EntityManager): Promise<void> {
    if (jobs.length > 0) await this.boss.insert(name, jobs, within(manager));
  }

  /**
   * Hands jobs one at a time to a handler; for low volumes. A handler that throws gives its job back. Of what it throws
   * the message alone is stored: an HTTP client's error has the request in it, with its headers.
   */
  async work<T extends object>(name: string, handler: (data: T) => Promise<void>): Promise<void> {
    await this.boss.work<T>(name, { pollingIntervalSeconds: 1 }, async ([job]) => {
      if (!job) return;
      await handler(job.data).catch((error: Error) => {
        throw new Error(error.message);
      });
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
