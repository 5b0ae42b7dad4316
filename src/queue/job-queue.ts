import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { PgBoss, type QueueOptions } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';

/** How long a lease lives without a heartbeat; the holder is then taken for dead and its jobs go back. */
export const LEASE_HEARTBEAT_SECONDS = 15;
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

export interface QueueDepth {
  /** due now */
  ready: number;
  /** waiting for a later instant */
  deferred: number;
  /** in a worker's hands */
  active: number;
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

  /**
   * Gives jobs back, each to become due at its own instant.
   *
   * @returns the ids that were given back: those of jobs whose attempt is still the current one
   */
  async retry(name: string, jobs: (JobAttempt & { at: Date })[], manager?: EntityManager): Promise<Set<string>> {
    if (jobs.length === 0) return new Set();
    const settled = settledIds(await this.boss.fail(name, jobs.map(attemptOf), null, within(manager)));
    for (const { id, at } of jobs) {
      if (settled.has(id)) await this.boss.update(name, undefined, { id, startAfter: at, ...within(manager) });
    }
    return settled;
  }

  /** Hands jobs one at a time to a handler; for low volumes. A handler that throws gives its job back. */
  async work<T extends object>(name: string, handler: (data: T) => Promise<void>): Promise<void> {
    await this.boss.work<T>(name, { pollingIntervalSeconds: 1 }, async ([job]) => {
      if (job) await handler(job.data);
    });
  }

  /** Renews the leases of jobs in hand. */
  async touch(name: string, jobs: JobAttempt[]): Promise<void> {
    if (jobs.length > 0) await this.boss.touch(name, jobs.map(attemptOf));
  }

  /** Forgets jobs, so that their ids can be inserted anew. */
  async delete(name: string, ids: string[], manager?: EntityManager): Promise<void> {
    if (ids.length > 0) await this.boss.deleteJob(name, ids, within(manager));
  }

  /** Counts as of the last monitor pass, a few seconds ago at most. */
  async depth(name: string): Promise<QueueDepth> {
    const queue = await this.boss.getQueue(name);
    return { ready: queue?.readyCount ?? 0, deferred: queue?.deferredCount ?? 0, active: queue?.activeCount ?? 0 };
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
