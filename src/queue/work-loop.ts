import { Logger } from '@nestjs/common';

const PAUSE_AFTER_ERROR_MS = 1_000;

/**
 * Runs one step after another while there is work, then sleeps until it is woken or `idleMs` have passed.
 *
 * A step answers whether there may be more to do at once. One that throws is logged and tried again after a second, so
 * a database that is away stops nothing for good.
 */
export class WorkLoop {
  private readonly logger: Logger;
  private running: Promise<void> | null = null;
  private stopping = false;
  private isWoken = false;
  private rouse: () => void = () => {};

  constructor(
    name: string,
    private readonly step: () => Promise<boolean>,
    private readonly idleMs: number,
  ) {
    this.logger = new Logger(name);
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Ends the sleep. While a step runs, it makes sure that another one follows. */
  wake(): void {
    this.isWoken = true;
    this.rouse();
  }

  /** Resolves when the step under way, if any, has ended; none follows. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.rouse();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.isWoken = false;
      let hasMore: boolean;
      try {
        hasMore = await this.step();
      } catch (error) {
        if (this.stopping) break;
        // Not every thing that is thrown is an Error, and nothing catches what is thrown here.
        this.logger.warn(`tried again in a second: ${error instanceof Error ? error.message : String(error)}`);
        await this.sleep(PAUSE_AFTER_ERROR_MS);
        continue;
      }
      if (!hasMore && !this.isWoken) await this.sleep(this.idleMs);
    }
  }

  private async sleep(ms: number): Promise<void> {
    if (this.stopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.rouse = () => {};
  }
}
