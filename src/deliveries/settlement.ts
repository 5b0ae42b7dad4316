import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import type { Outcome } from './attempt.entity.js';
import { AttemptLedger, type NewAttempt } from './attempt-ledger.js';
import type { AttemptResult, Decision } from './decision.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { DeliveryQueue, type LeasedDelivery } from './delivery-queue.js';
import { LIST_FAILED } from './ledger.queries.js';

/** What a worker has to say of a delivery it leased. */
export interface Verdict {
  delivery: LeasedDelivery;
  /** number of the attempt that was made, or would have been */
  attempt: number;
  decision: Decision | { kind: 'cancelled' };
  /** absent when no POST was made */
  result?: AttemptResult;
  /** why no POST was made */
  fault?: string;
}

/** Writes verdicts down: queue, ledger and failed tasks in one transaction, many at a time. */
@Injectable()
export class Settlement {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly queue: DeliveryQueue,
    private readonly ledger: AttemptLedger,
    private readonly instruments: DeliveryInstruments,
  ) {}

  /**
   * Settles what is still this worker's to settle. A delivery whose lease was lost meanwhile keeps its state and its
   * outcome; only the POST that was made is added to its history.
   */
  async settle(verdicts: Verdict[]): Promise<void> {
    const settled = await this.dataSource.transaction((manager) => this.write(verdicts, manager));
    for (const { delivery, decision } of verdicts) {
      if (decision.kind !== 'retry' && settled.has(delivery.id)) this.instruments.countOutcome(decision.kind);
    }
  }

  private async write(verdicts: Verdict[], manager: EntityManager): Promise<Set<string>> {
    const ended = verdicts.filter(({ decision }) => decision.kind !== 'retry').map(({ delivery }) => delivery);
    const retried = verdicts.flatMap(({ delivery, decision }) =>
      decision.kind === 'retry' ? [{ ...delivery, at: decision.at }] : [],
    );
    const endedIds = await this.queue.end(ended, manager);
    const settled = new Set([...endedIds, ...(await this.queue.retry(retried, manager))]);
    const recorded = verdicts.filter(({ delivery, result }) => result || settled.has(delivery.id));
    await this.ledger.append(
      recorded.map((verdict) => ledgerRow(verdict, settled.has(verdict.delivery.id))),
      manager,
    );
    const failed = verdicts.filter(({ delivery, decision }) => decision.kind === 'failed' && settled.has(delivery.id));
    await listFailed(failed, manager);
    return settled;
  }
}

function ledgerRow({ delivery, attempt, decision, result, fault }: Verdict, isSettled: boolean): NewAttempt {
  const outcome: Outcome | null = decision.kind === 'retry' ? null : decision.kind;
  return {
    deliveryId: delivery.id,
    attempt,
    scheduledFor: new Date(delivery.data.tick),
    scheduleId: delivery.data.scheduleId,
    startedAt: result?.startedAt ?? new Date(),
    durationMs: result?.durationMs ?? null,
    status: result?.status ?? null,
    error: result?.error ?? fault ?? null,
    excerpt: result?.excerpt ?? null,
    outcome: isSettled ? outcome : null,
    retryAt: isSettled && decision.kind === 'retry' ? decision.at : null,
  };
}

async function listFailed(failed: Verdict[], manager: EntityManager): Promise<void> {
  if (failed.length === 0) return;
  await manager.query(LIST_FAILED, [
    failed.map(({ delivery }) => delivery.id),
    failed.map(({ delivery }) => delivery.data.scheduleId),
    failed.map(({ delivery }) => delivery.data.tick),
    failed.map(({ attempt }) => attempt),
    failed.map(({ result }) => result?.status ?? null),
    failed.map(({ result, fault }) => result?.error ?? fault ?? null),
  ]);
}
