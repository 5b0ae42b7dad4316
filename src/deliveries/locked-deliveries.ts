import { Injectable } from '@nestjs/common';
import type { LeasedDelivery } from './delivery.js';
import { DeliveryQueue } from './delivery-queue.js';

/** How long this replica leaves the deliveries of a schedule to others before it looks again. */
const PASS_OVER_MS = 5_000;
const MAX_SCHEDULES = 10_000;

/**
 * Hands over deliveries whose secrets another replica can open and this one cannot. They go back to the queue as if they
 * had not been leased. This replica passes them over for a while: otherwise it could be the first to lease them again,
 * each time.
 */
@Injectable()
export class LockedDeliveries {
  /** until when, by schedule; the first to end is the first in order */
  private readonly passedOver = new Map<string, number>();

  constructor(private readonly queue: DeliveryQueue) {}

  /** Schedules that are not to be leased from now. */
  get schedules(): string[] {
    const now = performance.now();
    for (const [id, until] of this.passedOver) {
      if (until > now) break;
      this.passedOver.delete(id);
    }
    return [...this.passedOver.keys()];
  }

  /** When this fails, the leases run out by themselves. */
  async handOver(deliveries: LeasedDelivery[]): Promise<void> {
    const until = performance.now() + PASS_OVER_MS;
    for (const { scheduleId } of deliveries) {
      this.passedOver.delete(scheduleId);
      if (this.passedOver.size >= MAX_SCHEDULES) this.passedOver.delete(this.passedOver.keys().next().value as string);
      this.passedOver.set(scheduleId, until);
    }
    await this.queue.handOver(deliveries).catch(() => {});
  }
}
