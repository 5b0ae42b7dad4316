import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { isRefused } from '../database/refused.js';
import { WorkLoop } from '../queue/work-loop.js';
import { messageOf } from './attempt-error.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { Settlement, type Verdict } from './settlement.js';

const MAX_BATCH = 500;
// Planning and committing cost as much as settling fifty: a moment's wait makes one batch of several.
const GATHER_MS = 25;
const ENOUGH = 400;
const IDLE_MS = 60_000;

/**
 * Gathers verdicts while one batch is being written, and writes them as the next: the more there are, the larger the
 * batches. Keeps them until they are written, however long the database is away.
 */
@Injectable()
export class SettlementBatcher {
  private readonly logger = new Logger(SettlementBatcher.name);
  private pending: Verdict[] = [];
  private batchSize = MAX_BATCH;
  private onWritten: (written: Verdict[], settled: Verdict[]) => void = () => {};
  private readonly loop = new WorkLoop(SettlementBatcher.name, () => this.gatherAndFlush(), IDLE_MS);

  constructor(
    private readonly settlement: Settlement,
    instruments: DeliveryInstruments,
  ) {
    instruments.showUnwritten(() => this.pending.length);
  }

  /** @param onWritten is told what was written, and what of it took effect: see Settlement */
  start(onWritten: (written: Verdict[], settled: Verdict[]) => void): void {
    this.onWritten = onWritten;
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

  /** Without what was answered: a verdict that is never written would have the POST made again and again. */
  private async settleBare({ delivery, decision }: Verdict, refusal: Error): Promise<Verdict[]> {
    this.logger.error(`the record of delivery ${delivery.id} is refused: ${refusal.message}`);
    const fault = `what came of it could not be recorded: ${messageOf(refusal)}`;
    const bare = { delivery, decision: decision.kind === 'retry' ? ({ kind: 'failed' } as const) : decision, fault };
    try {
      return await this.settlement.settle([bare]);
    } catch (error) {
      this.logger.error(`delivery ${delivery.id} cannot be settled: ${(error as Error).message}`);
      return [];
    }
  }

  private async gatherAndFlush(): Promise<boolean> {
    if (this.pending.length > 0 && this.pending.length < ENOUGH) await delay(GATHER_MS);
    return this.flush();
  }

  private async flush(): Promise<boolean> {
    const batch = this.pending.splice(0, this.batchSize);
    if (batch.length === 0) return false;
    let settled: Verdict[];
    try {
      settled = await this.settlement.settle(batch);
    } catch (error) {
      if (batch.length > 1 || !isRefused(error)) {
        this.pending.unshift(...batch);
        // One verdict that the database refuses must not hold up the others: it is found one by one.
        this.batchSize = 1;
        throw error;
      }
      settled = await this.settleBare(batch[0], error as Error);
    }
    this.batchSize = Math.min(MAX_BATCH, this.batchSize * 2);
    this.onWritten(batch, settled);
    return this.pending.length > 0;
  }
}
