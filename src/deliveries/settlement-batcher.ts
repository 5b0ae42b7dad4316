import { Injectable } from '@nestjs/common';
import { WorkLoop } from '../queue/work-loop.js';
import { Settlement, type Verdict } from './settlement.js';

const MAX_BATCH = 500;
const IDLE_MS = 60_000;

/**
 * Gathers verdicts while one batch is being written, and writes them as the next: the more there are, the larger the
 * batches. Keeps them until they are written, however long the database is away.
 */
@Injectable()
export class SettlementBatcher {
  private pending: Verdict[] = [];
  private onSettled: (verdicts: Verdict[]) => void = () => {};
  private readonly loop = new WorkLoop(SettlementBatcher.name, () => this.flush(), IDLE_MS);

  constructor(private readonly settlement: Settlement) {}

  start(onSettled: (verdicts: Verdict[]) => void): void {
    this.onSettled = onSettled;
    this.loop.start();
  }

  add(verdict: Verdict): void {
    this.pending.push(verdict);
    this.loop.wake();
  }

  /** Writes what is left, once, and stops. */
  async stop(): Promise<void> {
    await this.loop.stop();
    while (this.pending.length > 0) await this.flush();
  }

  private async flush(): Promise<boolean> {
    const batch = this.pending.splice(0, MAX_BATCH);
    if (batch.length === 0) return false;
    try {
      await this.settlement.settle(batch);
    } catch (error) {
      this.pending.unshift(...batch);
      throw error;
    }
    this.onSettled(batch);
    return this.pending.length > 0;
  }
}
