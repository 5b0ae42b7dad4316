import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { REPLICA } from '../config/replica.js';
import type { AttemptResult, Decision } from './decision.js';
import type { LeasedDelivery } from './delivery.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { DeliveryTraces } from './delivery-traces.js';
import { SETTLE } from './delivery-queue.queries.js';

/** What a worker has to say of a delivery it leased. */
export interface Verdict {
  delivery: LeasedDelivery;
  decision: Decision | { kind: 'cancelled' };
  /** absent, with the origin that it went to, when no POST was made */
  result?: AttemptResult;
  originId?: number;
  /** why no POST was made */
  fault?: string;
}

/** Writes verdicts down: queue, ledger and failed tasks in one statement, many at a time. */
@Injectable()
export class Settlement {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly instruments: DeliveryInstruments,
    private readonly traces: DeliveryTraces,
  ) {}

  /**
   * Settles what is still this worker's to settle. A delivery whose lease was lost meanwhile keeps its state and its
   * outcome; only the POST that was made is added to its history.
   *
   * @returns those that were settled
   */
  async settle(verdicts: Verdict[]): Promise<Verdict[]> {
    const startedAt = new Date();
    const rows = await this.dataSource.query<{ nth: number }[]>(SETTLE, parametersOf(verdicts));
    const numbers = new Set(rows.map(({ nth }) => nth));
    const settled = verdicts.filter((_, i) => numbers.has(i + 1));
    for (const { decision } of settled) {
      if (decision.kind !== 'retry') this.instruments.countOutcome(decision.kind);
    }
    this.traces.recordSettlement(settled, startedAt);
    return settled;
  }
}

function parametersOf(verdicts: Verdict[]): unknown[] {
  const nowMs = performance.now();
  return [
    verdicts.map(({ delivery }) => delivery.scheduleId),
    verdicts.map(({ delivery }) => delivery.scheduledFor),
    verdicts.map(({ delivery }) => delivery.attempt),
    verdicts.map(({ decision }) => (decision.kind === 'retry' ? null : decision.kind)),
    verdicts.map(({ decision }) => (decision.kind === 'retry' ? decision.inSeconds : null)),
    verdicts.map(({ result }) => (result ? (nowMs - result.startedAtMs) / 1000 : 0)),
    verdicts.map(({ result }) => result?.durationMs ?? null),
    verdicts.map(({ result }) => result?.status ?? null),
    verdicts.map(({ result, fault }) => result?.error ?? fault ?? null),
    verdicts.map(({ result }) => result?.excerpt ?? null),
    REPLICA,
    verdicts.map(({ result }) => result?.isResent ?? false),
  ];
}
