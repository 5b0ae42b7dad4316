import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, In, LessThanOrEqual } from 'typeorm';
import { NotFoundError } from '../http/domain-error.js';
import type { PageRequest } from '../http/paging.js';
import { AttemptLedger, type MissedTicks } from './attempt-ledger.js';
import { deliveriesOf } from './delivery-history.js';
import type { DeliveryDto } from './delivery-history.dto.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { DeliveryQueue } from './delivery-queue.js';
import { FailedTask } from './failed-task.entity.js';

const REQUEUE_BATCH = 1_000;

/** What other rooms may ask of deliveries. */
@Injectable()
export class DeliveriesService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly queue: DeliveryQueue,
    private readonly ledger: AttemptLedger,
    private readonly instruments: DeliveryInstruments,
  ) {}

  /** Records ticks that were not delivered because nobody was there to take them in time. */
  async recordMissed(missed: MissedTicks[], manager: EntityManager): Promise<void> {
    await this.ledger.recordMissed(missed, manager);
    for (const { count } of missed) this.instruments.countOutcome('missed', count);
  }

  /** Counts ticks that a statement of the caller's recorded (see insertSkipped). */
  countSkipped(count: number): void {
    this.instruments.countOutcome('skipped', count);
  }

  /** One page of a schedule's deliveries with their attempts, newest tick first, and the number of all. */
  async historyOf(scheduleId: string, { limit, offset }: PageRequest): Promise<[DeliveryDto[], number]> {
    const count = await this.ledger.countDeliveries(scheduleId);
    const rows = offset < count ? await this.ledger.pageOfDeliveries(scheduleId, limit, offset) : [];
    return [deliveriesOf(rows), count];
  }

  /** Forgets the failed tasks of a schedule that goes. */
  async forgetFailedTasks(scheduleId: string, manager: EntityManager): Promise<void> {
    await manager.delete(FailedTask, { scheduleId });
  }

  /** Newest first, with the number of all. */
  listFailed({ limit, offset }: PageRequest): Promise<[FailedTask[], number]> {
    const failedTasks = this.dataSource.getRepository(FailedTask);
    return failedTasks.findAndCount({ order: { id: 'DESC' }, take: limit, skip: offset });
  }

  /** @throws NotFoundError */
  async getFailed(id: number): Promise<FailedTask> {
    const task = await this.dataSource.getRepository(FailedTask).findOneBy({ id });
    if (!task) throw new NotFoundError();
    return task;
  }

  /** Gives a failed delivery a new round of attempts under its old id. @throws NotFoundError */
  async requeue(id: number): Promise<void> {
    const requeued = await this.dataSource.transaction((manager) => this.requeueBatch([id], manager));
    if (requeued === 0) throw new NotFoundError();
  }

  /** Requeues everything that has failed up to now. */
  async requeueAll(): Promise<void> {
    const [last] = await this.dataSource.getRepository(FailedTask).find({ order: { id: 'DESC' }, take: 1 });
    if (!last) return;
    for (;;) {
      const batch = await this.dataSource.transaction(async (manager) => {
        const tasks = await manager.find(FailedTask, {
          select: { id: true },
          where: { id: LessThanOrEqual(last.id) },
          order: { id: 'ASC' },
          take: REQUEUE_BATCH,
        });
        const ids = tasks.map(({ id }) => id);
        await this.requeueBatch(ids, manager);
        return ids;
      });
      if (batch.length < REQUEUE_BATCH) return;
    }
  }

  private async requeueBatch(ids: number[], manager: EntityManager): Promise<number> {
    const tasks = await manager.find(FailedTask, {
      where: { id: In(ids) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    if (tasks.length === 0) return 0;
    await manager.delete(FailedTask, { id: In(tasks.map(({ id }) => id)) });
    const deliveries = tasks.map(({ scheduleId, scheduledFor, attempts }) => ({
      ...{ scheduleId, tick: scheduledFor },
      attempts,
    }));
    await this.queue.requeue(deliveries, manager);
    return tasks.length;
  }
}
