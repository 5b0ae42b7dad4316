import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { WorkLoop } from '../queue/work-loop.js';
import { FanOut } from './fan-out.js';

const POLL_INTERVAL_MS = 1_000;

/** Fires, page after page, the ticks that the dispatcher of this or another replica has taken. */
@Injectable()
export class FanOutWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop = new WorkLoop(FanOutWorker.name, () => this.continueOne(), POLL_INTERVAL_MS);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly fanOut: FanOut,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.roles.includes('scheduler')) this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  wake(): void {
    this.loop.wake();
  }

  /** @returns whether there may be more */
  continueOne(): Promise<boolean> {
    return this.fanOut.fire();
  }
}
