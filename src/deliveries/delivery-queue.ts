import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { Notifications, NOTIFY } from '../database/notifications.js';
import { PROBE_AFTER_SECONDS } from './circuit-breaker.js';
import { deliveryId, type DeliveryKey, type LeasedDelivery } from './delivery.js';
import {
  COUNT_BY_STATE,
  HAND_OVER,
  LEASE_DELIVERIES,
  RENEW_LEASES,
  REQUEUE,
  RESCUE_STRANDED,
  RETURN_LEASES,
} from './delivery-queue.queries.js';
import { DeliveryTraces } from './delivery-traces.js';
import type { Room } from './delivery-window.js';

/** How long a lease lives without being renewed; its holder is then taken for dead. */
export const LEASE_SECONDS = 15;
/** So that a replica that cannot make a delivery does not lease it again at once. */
const HAND_OVER_SECONDS = 1;
/** Origins that one lease looks at; the next one goes on from there. */
const MAX_ORIGINS = 1_000;
/** Less than every id of an origin. */
const BEFORE_ALL_ORIGINS = -2_147_483_649;

export interface QueueDepth {
  /** due now */
  ready: number;
  /** waiting for a later instant */
  deferred: number;
  /** in a worker's hands */
  active: number;
  /** how long the oldest of those that are ready has been; 0 when none is */
  oldestReadySeconds: number;
  /** waiting for an instant that no retry waits for: somebody else wrote it */
  stranded: number;
}

export interface Lease {
  deliveries: LeasedDelivery[];
  /** how many origins, of those that were looked at, had deliveries that are due */
  readyOrigins: number;
}

interface LeasedRow {
  last_seen: number | null;
  seen: number;
  ready: number;
  /** null, as all that follows, when nothing was leased */
  schedule_id: string | null;
  scheduled_for: Date;
  /** the same, to the microsecond */
  exactly: string;
  origin_id: number;
  attempts: number;
  attempts_before: number;
  requeued_at: Date | null;
}

/** Deliveries that have not ended, in the database, shared by all replicas. Settling them is `Settlement`'s. */
@Injectable()
export class DeliveryQueue {
  private readonly logger = new Logger(DeliveryQueue.name);
  /** the origin that the next lease begins after, so that each has its turn */
  private cursor = BEFORE_ALL_ORIGINS;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly notifications: Notifications,
    private readonly traces: DeliveryTraces,
  ) {}

  /** Calls back when deliveries may have been added, here or by another replica. */
  whenEnqueued(callback: () => void): void {
    this.notifications.listen('seed_deliveries', callback);
  }

  /** Adds deliveries that have ended once before, within the caller's transaction. */
  async requeue(deliveries: (DeliveryKey & { attempts: number })[], manager: EntityManager): Promise<void> {
    await manager.query(REQUEUE, [...keysOf(deliveries), deliveries.map(({ attempts }) => attempts)]);
    await manager.query(NOTIFY, ['seed_deliveries']);
  }

  /**
   * Leases deliveries that are due: the oldest of each origin, as far as there is room.
   *
   * @param passedOver schedules whose deliveries are left to other replicas
   */
  async lease({ total, ofOrigin, ofOthers }: Room, passedOver: string[] = []): Promise<Lease> {
    const probeAfterSeconds = this.config.delivery.requestTimeoutMs / 1000 + PROBE_AFTER_SECONDS;
    const leasingAt = new Date();
    const rows = await this.dataSource.query<LeasedRow[]>(LEASE_DELIVERIES, [
      this.cursor,
      MAX_ORIGINS,
      total,
      [...ofOrigin.keys()],
      [...ofOrigin.values()],
      ofOthers,
      LEASE_SECONDS,
      probeAfterSeconds,
      passedOver,
    ]);
    const deliveries = rows.flatMap(leasedDelivery);
    this.traces.recordLease(deliveries, leasingAt);
    const [scan] = rows;
    const isCut = deliveries.length >= total;
    const startedAt = this.cursor;
    if (isCut) this.cursor = deliveries.reduce((last, { originId }) => Math.max(last, originId), BEFORE_ALL_ORIGINS);
    else this.cursor = (scan && scan.seen >= MAX_ORIGINS ? scan.last_seen : null) ?? BEFORE_ALL_ORIGINS;
    // From the middle to the end there was nothing: what is due may stand before.
    const isAtStart = this.cursor === BEFORE_ALL_ORIGINS;
    if (deliveries.length === 0 && startedAt > BEFORE_ALL_ORIGINS && isAtStart) {
      return this.lease({ total, ofOrigin, ofOthers }, passedOver);
    }
    return { deliveries, readyOrigins: scan?.ready ?? 0 };
  }

  /** Keeps leases alive; to be called well within LEASE_SECONDS. */
  async renew(deliveries: LeasedDelivery[]): Promise<void> {
    if (deliveries.length > 0) await this.dataSource.query(RENEW_LEASES, [...leasesOf(deliveries), LEASE_SECONDS]);
  }

  /** Gives back deliveries that were not attempted, as if they had not been leased. */
  async giveBack(deliveries: LeasedDelivery[]): Promise<void> {
    if (deliveries.length > 0) await this.dataSource.query(RETURN_LEASES, leasesOf(deliveries));
  }

  /** The same for deliveries that another replica has to make: it finds them in a moment. */
  async handOver(deliveries: LeasedDelivery[]): Promise<void> {
    await this.dataSource.query(HAND_OVER, [...leasesOf(deliveries), HAND_OVER_SECONDS]);
  }

  /** Makes stranded deliveries due now. */
  async rescueStranded(): Promise<void> {
    const [rescued] =
      await this.dataSource.query<[{ schedule_id: string; exactly: string }[], number]>(RESCUE_STRANDED);
    for (const { schedule_id, exactly } of rescued) {
      this.logger.warn(
        `the delivery of schedule ${schedule_id} for ${exactly} waited for an impossible instant: due now`,
      );
    }
  }

  async depth(): Promise<QueueDepth> {
    const [depth] = await this.dataSource.query<[QueueDepth]>(COUNT_BY_STATE);
    return depth;
  }
}

function keysOf(deliveries: DeliveryKey[]): [string[], Date[]] {
  return [deliveries.map(({ scheduleId }) => scheduleId), deliveries.map(({ tick }) => tick)];
}

function leasesOf(deliveries: LeasedDelivery[]): [string[], string[], number[]] {
  return [
    deliveries.map(({ scheduleId }) => scheduleId),
    deliveries.map(({ scheduledFor }) => scheduledFor),
    deliveries.map(({ attempt }) => attempt),
  ];
}

function leasedDelivery(row: LeasedRow): LeasedDelivery[] {
  if (row.schedule_id === null) return [];
  return [
    {
      id: deliveryId(row.schedule_id, row.scheduled_for),
      scheduleId: row.schedule_id,
      tick: row.scheduled_for,
      scheduledFor: row.exactly,
      originId: row.origin_id,
      attempt: row.attempts,
      attemptsBefore: row.attempts_before,
      requeuedAt: row.requeued_at,
    },
  ];
}
