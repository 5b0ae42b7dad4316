import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { WorkLoop } from '../queue/work-loop.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { isAlive, isTelling } from './decision.js';
import type { LeasedDelivery } from './delivery.js';
import { DeliveryAttempts } from './delivery-attempts.js';
import { DeliveryQueue, LEASE_SECONDS } from './delivery-queue.js';
import { type DeliveryTarget, DeliveryTargets, type Target, type UnusableTarget } from './delivery-targets.js';
import { DeliveryWindow } from './delivery-window.js';
import { LockedDeliveries } from './locked-deliveries.js';
import { SettlementBatcher } from './settlement-batcher.js';
import type { Verdict } from './settlement.js';

const POLL_INTERVAL_MS = 1_000;
// While many are in flight, places that come free are filled together: a query for each would cost more than the POST.
const GATHER_MS = 2;
const RENEW_INTERVAL_MS = (LEASE_SECONDS * 1000) / 3;

/**
 * Keeps the window of POSTs full. Two loops run side by side: one leases what is due, the other starts what was leased
 * as places come free, with targets as they are at that moment. A place that comes free is filled at once, so a slow
 * endpoint holds its own places and nobody else's delivery.
 */
@Injectable()
export class DeliveryWorker implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly window: DeliveryWindow;
  private readonly inFlight = new Set<Promise<void>>();
  /** all that is in this worker's hands: waiting for a place, in flight, or waiting to be settled */
  private readonly leased = new Set<LeasedDelivery>();
  private readonly leasing = new WorkLoop(DeliveryWorker.name, () => this.lease(), POLL_INTERVAL_MS);
  /** two, so that one can read targets while the other one does */
  private readonly starting = [1, 2].map(
    () => new WorkLoop(DeliveryWorker.name, () => this.startWaiting(), POLL_INTERVAL_MS),
  );
  private readonly renewal = new WorkLoop('LeaseRenewal', () => this.renew(), RENEW_INTERVAL_MS);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly queue: DeliveryQueue,
    private readonly targets: DeliveryTargets,
    private readonly attempts: DeliveryAttempts,
    private readonly settlements: SettlementBatcher,
    private readonly breaker: CircuitBreaker,
    private readonly locked: LockedDeliveries,
  ) {
    this.window = new DeliveryWindow(config.delivery.concurrency, config.delivery.concurrencyPerOrigin);
  }

  onApplicationBootstrap(): void {
    if (!this.config.roles.includes('worker')) return;
    this.queue.whenEnqueued(() => this.leasing.wake());
    this.settlements.start((written, settled) => {
      this.letGo(written.map(({ delivery }) => delivery));
      this.watch(settled);
    });
    this.breaker.start();
    this.leasing.start();
    for (const loop of this.starting) loop.start();
    this.renewal.start();
  }

  /** No new deliveries: what waits here goes back, for other replicas to take. Those in flight go on. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.leasing, ...this.starting].map((loop) => loop.stop()));
    await this.giveBack(this.window.release());
  }

  /** Waits for what is in flight, and for its verdicts to be written, before the database connection closes. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.inFlight);
    await this.settlements.stop();
    await this.renewal.stop();
    await this.breaker.stop();
  }

  private async lease(): Promise<boolean> {
    const room = this.window.room();
    for (const originId of this.breaker.heldBack) room.ofOrigin.set(originId, 0);
    if (room.total === 0) return false;
    const { deliveries, readyOrigins } = await this.queue.lease(room, this.locked.schedules);
    for (const delivery of deliveries) this.leased.add(delivery);
    this.window.hold(deliveries, room, readyOrigins);
    if (deliveries.length > 0) this.wakeStarting();
    return this.window.isWorthLeasing;
  }

  private wakeStarting(): void {
    for (const loop of this.starting) loop.wake();
  }

  private async startWaiting(): Promise<boolean> {
    if (this.window.isBusy) await delay(GATHER_MS);
    const deliveries = this.window.takeStartable();
    if (deliveries.length === 0) return false;
    const targets = await this.loadTargets(deliveries);
    const locked: LeasedDelivery[] = [];
    for (const delivery of deliveries) {
      const target = targets.get(delivery.scheduleId);
      if (target && 'isLocked' in target) locked.push(delivery);
      else this.start(delivery, target);
    }
    if (locked.length > 0) await this.handOver(locked);
    // Those that end without a POST have freed their places already.
    if (this.window.isWorthLeasing) this.leasing.wake();
    return true;
  }

  /** When this fails the leases are left to run out: whoever is up again first takes the deliveries. */
  private async loadTargets(deliveries: LeasedDelivery[]): Promise<Map<string, Target>> {
    try {
      return await this.targets.load([...new Set(deliveries.map(({ scheduleId }) => scheduleId))]);
    } catch (error) {
      for (const delivery of deliveries) this.window.end(delivery, true, null);
      this.letGo(deliveries);
      throw error;
    }
  }

  private start(delivery: LeasedDelivery, target: DeliveryTarget | UnusableTarget | undefined): void {
    if (!target || isVoid(delivery, target)) return this.endWithoutPost({ delivery, decision: { kind: 'cancelled' } });
    if ('fault' in target) {
      return this.endWithoutPost({ delivery, decision: { kind: 'failed' }, fault: target.fault });
    }
    const attempt = this.post(delivery, target).finally(() => this.inFlight.delete(attempt));
    this.inFlight.add(attempt);
  }

  private endWithoutPost(verdict: Verdict): void {
    this.window.end(verdict.delivery, true, null);
    this.settlements.add(verdict);
  }

  private async post(delivery: LeasedDelivery, target: DeliveryTarget): Promise<void> {
    const verdict = await this.attempts.make(delivery, target);
    this.settlements.add(verdict);
    this.window.end(delivery, isAlive(verdict.result), verdict.result.durationMs);
    this.wakeStarting();
    if (this.window.isWorthLeasing) this.leasing.wake();
  }

  /**
   * Holds back what waits for an origin that does not answer. Looks at what was settled only: a replica that was frozen
   * finds its old attempts timed out, which says nothing of the origins.
   */
  private watch(settled: Verdict[]): void {
    for (const { originId, result } of settled) {
      if (originId === undefined || !result || !isTelling(result)) continue;
      if (!this.breaker.record(originId, result)) continue;
      void this.giveBack(this.window.release(originId));
    }
  }

  private async handOver(deliveries: LeasedDelivery[]): Promise<void> {
    for (const delivery of deliveries) this.window.end(delivery, true, null);
    this.letGo(deliveries);
    await this.locked.handOver(deliveries);
  }

  /** When this fails, the leases run out by themselves. */
  private async giveBack(deliveries: LeasedDelivery[]): Promise<void> {
    this.letGo(deliveries);
    await this.queue.giveBack(deliveries).catch(() => {});
  }

  private letGo(deliveries: LeasedDelivery[]): void {
    for (const delivery of deliveries) this.leased.delete(delivery);
  }

  private async renew(): Promise<false> {
    await this.queue.renew([...this.leased]);
    return false;
  }
}

/** Whether the schedule was switched off after the delivery fell due, or after it was last asked for. */
function isVoid({ tick, requeuedAt }: LeasedDelivery, target: DeliveryTarget | UnusableTarget): boolean {
  return 'haltedAt' in target && target.haltedAt !== null && (requeuedAt ?? tick) <= target.haltedAt;
}
