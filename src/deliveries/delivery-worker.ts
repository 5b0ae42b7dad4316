import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { LEASE_HEARTBEAT_SECONDS } from '../queue/job-queue.js';
import { WorkLoop } from '../queue/work-loop.js';
import { type AttemptResult, decide } from './decision.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { DeliveryQueue, type LeasedDelivery } from './delivery-queue.js';
import { DeliverySender } from './delivery-sender.js';
import { type DeliveryTarget, DeliveryTargets, type UnusableTarget } from './delivery-targets.js';
import { SettlementBatcher } from './settlement-batcher.js';
import type { Verdict } from './settlement.js';

const POLL_INTERVAL_MS = 1_000;
const RENEW_INTERVAL_MS = (LEASE_HEARTBEAT_SECONDS * 1000) / 3;
// A fetch of 64 takes the database 10 ms, one of 256 takes it 20: under a backlog, places that come free are gathered
// until half of the window is free, but no longer than this, so that a slow endpoint holds up nobody.
const GATHER_MS = 20;

/**
 * Keeps a window of POSTs in flight. A place that comes free is filled at once, so a slow endpoint holds one place and
 * nobody else's delivery.
 */
@Injectable()
export class DeliveryWorker implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger(DeliveryWorker.name);
  private readonly inFlight = new Map<string, { delivery: LeasedDelivery; done: Promise<void> }>();
  private readonly leased = new Map<string, LeasedDelivery>();
  private onPlaceFree: () => void = () => {};
  private readonly refill = new WorkLoop(DeliveryWorker.name, () => this.fill(), POLL_INTERVAL_MS);
  private readonly renewal = new WorkLoop('LeaseRenewal', () => this.renew(), RENEW_INTERVAL_MS);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly queue: DeliveryQueue,
    private readonly targets: DeliveryTargets,
    private readonly sender: DeliverySender,
    private readonly settlements: SettlementBatcher,
    private readonly instruments: DeliveryInstruments,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.config.roles.includes('worker')) return;
    this.queue.whenEnqueued(() => this.refill.wake());
    this.settlements.start((verdicts) => this.release(verdicts));
    this.refill.start();
    this.renewal.start();
  }

  /** No new deliveries; those in flight go on. */
  async onModuleDestroy(): Promise<void> {
    await this.refill.stop();
  }

  /** Waits for what is in flight, and for its verdicts to be written, before the database connection closes. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.inFlight.values()].map(({ done }) => done));
    await this.settlements.stop();
    await this.renewal.stop();
  }

  private async fill(): Promise<boolean> {
    const free = this.config.delivery.concurrency - this.inFlight.size;
    if (free <= 0) return this.gatherPlaces();
    const deliveries = await this.queue.fetch(free);
    if (deliveries.length === 0) return false;
    for (const delivery of deliveries) this.leased.set(delivery.id, delivery);
    const targets = await this.loadTargets(deliveries);
    for (const delivery of deliveries) this.begin(delivery, targets.get(delivery.data.scheduleId));
    return deliveries.length === free && this.gatherPlaces();
  }

  private async gatherPlaces(): Promise<true> {
    const enough = this.config.delivery.concurrency / 2;
    if (this.inFlight.size > enough) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GATHER_MS);
        this.onPlaceFree = () => {
          if (this.inFlight.size > enough) return;
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return true;
  }

  /** When this fails the leases are left to run out: whoever is up again first takes the deliveries. */
  private async loadTargets(deliveries: LeasedDelivery[]): Promise<Map<string, DeliveryTarget | UnusableTarget>> {
    try {
      return await this.targets.load([...new Set(deliveries.map(({ data }) => data.scheduleId))]);
    } catch (error) {
      for (const { id } of deliveries) this.leased.delete(id);
      throw error;
    }
  }

  private begin(delivery: LeasedDelivery, target: DeliveryTarget | UnusableTarget | undefined): void {
    const attempt = (delivery.data.attemptsBefore ?? 0) + delivery.retryCount + 1;
    if (!target || isVoid(delivery, target)) {
      this.settlements.add({ delivery, attempt, decision: { kind: 'cancelled' } });
    } else if ('fault' in target) {
      this.settlements.add({ delivery, attempt, decision: { kind: 'failed' }, fault: target.fault });
    } else {
      const done = this.attempt(delivery, target, attempt).finally(() => {
        this.inFlight.delete(delivery.id);
        this.onPlaceFree();
      });
      this.inFlight.set(delivery.id, { delivery, done });
    }
  }

  private async attempt(delivery: LeasedDelivery, target: DeliveryTarget, attempt: number): Promise<void> {
    const { scheduleId, tick } = delivery.data;
    const result = await this.sender.send({ deliveryId: delivery.id, scheduleId, tick, attempt, target });
    const maxAttempts = (delivery.data.attemptsBefore ?? 0) + this.config.delivery.maxAttempts;
    const decision = decide(result, attempt, maxAttempts, new Date(), Math.random);
    this.instruments.countAttempt(result, tick, attempt);
    this.settlements.add({ delivery, attempt, decision, result });
    this.logAttempt(delivery, target, attempt, decision.kind, result);
  }

  /** One wide line per attempt; nothing of the payload, the token, or the endpoint's path. */
  private logAttempt(
    { id, data }: LeasedDelivery,
    { endpoint }: DeliveryTarget,
    attempt: number,
    decision: string,
    { status, error, durationMs, startedAt }: AttemptResult,
  ): void {
    this.logger.log({
      msg: 'attempt',
      delivery: id,
      schedule: data.scheduleId,
      tick: data.tick,
      attempt,
      decision,
      status,
      error,
      durationMs,
      latenessMs: startedAt.getTime() - Date.parse(data.tick),
      origin: new URL(endpoint).origin,
    });
  }

  private release(verdicts: Verdict[]): void {
    for (const { delivery } of verdicts) this.leased.delete(delivery.id);
  }

  private async renew(): Promise<false> {
    await this.queue.renew([...this.leased.values()]);
    return false;
  }
}

/** Whether the schedule was switched off after the delivery fell due, or after it was last asked for. */
function isVoid({ data }: LeasedDelivery, target: DeliveryTarget | UnusableTarget): boolean {
  if ('fault' in target || !target.haltedAt) return false;
  return Date.parse(data.requeuedAt ?? data.tick) <= target.haltedAt.getTime();
}
