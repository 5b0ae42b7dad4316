import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Notifications, NOTIFY } from '../database/notifications.js';
import { type FetchedJob, JobQueue, LEASE_HEARTBEAT_SECONDS, type QueueDepth } from '../queue/job-queue.js';
import { type DeliveryData, deliveryId } from './delivery.js';

const QUEUE = 'deliveries';
// A year: a delivery in backoff, or behind a long outage, must not be swept away.
const KEEP_WAITING_SECONDS = 365 * 86_400;
// Long enough to refuse a second insertion of a delivery that was just settled; the ledger is the history.
const KEEP_SETTLED_SECONDS = 600;
// How often a delivery is tried is decided here, not by the queue.
const NO_RETRY_LIMIT = 1_000_000;
// A lease lives by its heartbeat; this only ends one whose holder beats on but never settles.
const LEASE_SECONDS = 4 * 3_600;

/** A delivery in a worker's hands. */
export type LeasedDelivery = FetchedJob<DeliveryData>;

/** Deliveries waiting for their attempt, in the database, shared by all replicas. */
@Injectable()
export class DeliveryQueue implements OnModuleInit {
  private onEnqueued: () => void = () => {};

  constructor(
    private readonly queue: JobQueue,
    notifications: Notifications,
  ) {
    notifications.listen('seed_deliveries', () => this.onEnqueued());
  }

  async onModuleInit(): Promise<void> {
    await this.queue.define(QUEUE, {
      partition: true,
      retryLimit: NO_RETRY_LIMIT,
      retentionSeconds: KEEP_WAITING_SECONDS,
      deleteAfterSeconds: KEEP_SETTLED_SECONDS,
      expireInSeconds: LEASE_SECONDS,
      heartbeatSeconds: LEASE_HEARTBEAT_SECONDS,
    });
  }

  /** Calls back when deliveries may have been added, here or by another replica. */
  whenEnqueued(callback: () => void): void {
    this.onEnqueued = callback;
  }

  /** Adds deliveries within the caller's transaction. One that is there already changes nothing. */
  async enqueue(deliveries: DeliveryData[], manager: EntityManager): Promise<void> {
    if (deliveries.length === 0) return;
    const jobs = deliveries.map((data) => ({ id: deliveryId(data.scheduleId, new Date(data.tick)), data }));
    await this.queue.insert(QUEUE, jobs, manager);
    await manager.query(NOTIFY, ['seed_deliveries']);
  }

  /** Adds deliveries that have ended once before. */
  async requeue(deliveries: DeliveryData[], manager: EntityManager): Promise<void> {
    const ids = deliveries.map(({ scheduleId, tick }) => deliveryId(scheduleId, new Date(tick)));
    await this.queue.delete(QUEUE, ids, manager);
    await this.enqueue(deliveries, manager);
  }

  /** Leases up to `count` deliveries that are due, oldest first. */
  fetch(count: number): Promise<LeasedDelivery[]> {
    return this.queue.fetch<DeliveryData>(QUEUE, count);
  }

  /** Keeps leases alive; to be called well within `LEASE_HEARTBEAT_SECONDS`. */
  renew(deliveries: LeasedDelivery[]): Promise<void> {
    return this.queue.touch(QUEUE, deliveries);
  }

  /** @returns ids of those that ended by this call; a lease that was lost meanwhile ends nothing */
  end(deliveries: LeasedDelivery[], manager: EntityManager): Promise<Set<string>> {
    return this.queue.complete(QUEUE, deliveries, manager);
  }

  /** @returns ids of those that wait again by this call */
  retry(deliveries: (LeasedDelivery & { at: Date })[], manager: EntityManager): Promise<Set<string>> {
    return this.queue.retry(QUEUE, deliveries, manager);
  }

  depth(): Promise<QueueDepth> {
    return this.queue.depth(QUEUE);
  }
}
