import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { isExactInstant } from '../database/instants.js';
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
/** Leases beyond the last attempt after which a delivery is given up: each of its replicas may have died of it. */
const MAX_LOST_LEASES = 10;

type UnlockedTarget = DeliveryTarget | UnusableTarget | undefined;

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
    const taken = this.window.takeStartable();
    if (taken.length === 0) return false;
    const deliveries = taken.filter((delivery) => !this.isGivenUp(delivery));
    const targets = deliveries.length > 0 ? await this.loadTargets(deliveries) : new Map<string, Target>();
    const locked: LeasedDelivery[] = [];
    for (const delivery of deliveries) {
      const target = targets.get(delivery.scheduleId);
      if (target && 'isLocked' in target) locked.push(delivery);
      else this.start(delivery, target);
    }
    if (locked.length > 0) await this.handOver(locked);
    // Those that were given up have freed their slots already.
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

  /** Ends a delivery that no attempt could ever end: before its target is loaded, which may be what does the harm. */
  private isGivenUp(delivery: LeasedDelivery): boolean {
    const fault = this.whyGivenUp(delivery);
    if (fault !== null) this.end({ delivery, decision: { kind: 'failed' }, fault });
    return fault !== null;
  }

  private whyGivenUp({ tick, scheduledFor, attempt, attemptsBefore }: LeasedDelivery): string | null {
    if (!isExactInstant(tick)) return `its tick, ${scheduledFor}, is not an instant that can be sent`;
    const lost = attempt - attemptsBefore - this.config.delivery.maxAttempts;
    return lost > MAX_LOST_LEASES ? `it was begun ${attempt - attemptsBefore - 1} times and never ended` : null;
  }

  private start(delivery: LeasedDelivery, target: UnlockedTarget): void {
    const attempt = this.carryOut(delivery, target).finally(() => this.inFlight.delete(attempt));
    this.inFlight.add(attempt);
  }

  /**
   * The boundary around all code of one delivery. Whatever is thrown within it is a failed attempt with a reason: it
   * ends no process, keeps no place and leaves no lease to be renewed for ever.
   */
  private async carryOut(delivery: LeasedDelivery, target: UnlockedTarget): Promise<void> {
    const startedAtMs = performance.now();
    let verdict: Verdict;
    try {
      verdict = await this.verdictOn(delivery, target);
    } catch (error) {
      verdict = this.attempts.broken(delivery, startedAtMs, error);
    }
    this.end(verdict);
    this.wakeStarting();
    if (this.window.isWorthLeasing) this.leasing.wake();
  }

  private verdictOn(delivery: LeasedDelivery, target: UnlockedTarget): Verdict | Promise<Verdict> {
    if (!target || isVoid(delivery, target)) return { delivery, decision: { kind: 'cancelled' } };
    if ('fault' in target) return { delivery, decision: { kind: 'failed' }, fault: target.fault };
    return this.attempts.make(delivery, target);
  }

  /** Frees the place. An attempt that sent nothing says nothing of how fast its origin is. */
  private end(verdict: Verdict): void {
    const { delivery, result } = verdict;
    this.settlements.add(verdict);
    if (result && isTelling(result)) this.window.end(delivery, isAlive(result), result.durationMs);
    else this.window.end(delivery, true, null);
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
