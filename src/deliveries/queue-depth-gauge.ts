import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { WorkLoop } from '../queue/work-loop.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { DeliveryQueue } from './delivery-queue.js';

// Counting a million takes a tenth of a second.
const READ_INTERVAL_MS = 15_000;

/**
 * Keeps the queue's depth in the metrics fresh, so that a scrape costs the database nothing, and rescues the stranded
 * deliveries that the count finds.
 */
@Injectable()
export class QueueDepthGauge implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop = new WorkLoop(QueueDepthGauge.name, () => this.read(), READ_INTERVAL_MS);

  constructor(
    private readonly queue: DeliveryQueue,
    private readonly instruments: DeliveryInstruments,
  ) {}

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  private async read(): Promise<false> {
    const depth = await this.queue.depth();
    this.instruments.showDepth(depth);
    if (depth.stranded > 0) await this.queue.rescueStranded();
    return false;
  }
}
