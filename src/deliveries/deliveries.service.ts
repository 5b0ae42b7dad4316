import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import type { Scope } from '../database/scope.js';
import { NotFoundError } from '../http/domain-error.js';
import type { PageRequest } from '../http/paging.js';
import { AttemptLedger, type MissedTicks } from './attempt-ledger.js';
import { deliveriesOf } from './delivery-history.js';
import type { DeliveryDto } from './delivery-history.dto.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { DeliveryQueue } from './delivery-queue.js';
import { FailedTask, type FailedTaskDetails } from './failed-task.entity.js';
import { countFailedTasks, LAST_ATTEMPTS, newestFailedTasks, oldestFailedTasks } from './failed-tasks.queries.js';

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

  /**
   * One page of a schedule's deliveries with their attempts, newest tick first, and the number of all. Whether the
   * schedule is in the caller's scope is for `schedules/` to know.
   */
  async historyOf(scheduleId: string, { limit, offset }: PageRequest): Promise<[DeliveryDto[], number]> {
    const count = await this.ledger.countDeliveries(scheduleId);
    const rows = offset < count ? await this.ledger.pageOfDeliveries(scheduleId, limit, offset) : [];
    return [deliveriesOf(rows), count];
  }

  /** Forgets the failed tasks of schedules that go. */
  async forgetFailedTasks(scheduleIds: string[], manager: EntityManager): Promise<void> {
    await manager.delete(FailedTask, { scheduleId: In(scheduleIds) });
  }

  /** Those in scope, newest first, with the number of all of them. */
  async listFailed(scope: Scope, page: PageRequest): Promise<[FailedTaskDetails[], number]> {
    const [tasks, count] = await this.pageOfFailed(scope, page);
    return [await this.withDetails(tasks), count];
  }

  /** @throws NotFoundError */
  async getFailed(id: number, scope: Scope): Promise<FailedTaskDetails> {
    const task = await failedTasksIn(scope, this.dataSource.manager).andWhere('task.id = :id', { id }).getOne();
    if (!task) throw new NotFoundError();
    const [details] = await this.withDetails([task]);
    return details;
  }

  /** Gives a failed delivery a new round of attempts under its old id. @throws NotFoundError */
  async requeue(id: number, scope: Scope): Promise<void> {
    const requeued = await this.dataSource.transaction((manager) => this.requeueBatch([id], scope, manager));
    if (requeued === 0) throw new NotFoundError();
  }

  /** Requeues everything in scope that has failed up to now. */
  async requeueAll(scope: Scope): Promise<void> {
    const [[last]] = await this.pageOfFailed(scope, { limit: 1, offset: 0 });
    if (!last) return;
    const query = failedTasks(this.dataSource.manager).select('task.id', 'id');
    for (;;) {
      const rows = await query
        .where(`task.id IN (${oldestFailedTasks(scope)})`)
        .setParameters({ ...scope.parameters, last: last.id, limit: REQUEUE_BATCH })
        .getRawMany<{ id: number }>();
      const ids = rows.map(({ id }) => id);
      await this.dataSource.transaction((manager) => this.requeueBatch(ids, scope, manager));
      if (ids.length < REQUEUE_BATCH) return;
    }
  }

  private async pageOfFailed(
    scope: Scope,
    { limit, offset }: Pick<PageRequest, 'limit' | 'offset'>,
  ): Promise<[FailedTask[], number]> {
    // First, so that what is counted is there to be shown.
    const count = await this.countFailed(scope);
    if (offset >= count) return [[], count];
    const page = failedTasks(this.dataSource.manager)
      .where(`task.id IN (${newestFailedTasks(scope)})`)
      .setParameters({ ...scope.parameters, limit, offset, reach: limit + offset })
      .orderBy('task.id', 'DESC');
    return [await page.getMany(), count];
  }

  private async withDetails(tasks: FailedTask[]): Promise<FailedTaskDetails[]> {
    if (tasks.length === 0) return [];
    const ids = tasks.map(({ id }) => id);
    const rows = await this.dataSource.query<{ id: number; started_at: Date }[]>(LAST_ATTEMPTS, [ids]);
    const startedAt = new Map(rows.map(({ id, started_at }) => [id, started_at]));
    return tasks.map((task) => ({ ...task, initiatedAt: startedAt.get(task.id) ?? task.failedAt }));
  }

  private async countFailed(scope: Scope): Promise<number> {
    const query = this.dataSource.createQueryBuilder().select('sum(owned.count)::int', 'count');
    const counted = query.from(`(${countFailedTasks(scope)})`, 'owned').setParameters(scope.parameters);
    return (await counted.getRawOne<{ count: number }>())?.count ?? 0;
  }

  private async requeueBatch(ids: number[], scope: Scope, manager: EntityManager): Promise<number> {
    const tasks = await failedTasksIn(scope, manager)
      .andWhere('task.id = ANY(:ids)', { ids })
      .orderBy('task.id')
      .setLock('pessimistic_write')
      .getMany();
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

function failedTasks(manager: EntityManager): SelectQueryBuilder<FailedTask> {
  return manager.createQueryBuilder(FailedTask, 'task');
}

/** Every statement about single ones begins here: one that is out of scope is not there. */
function failedTasksIn(scope: Scope, manager: EntityManager): SelectQueryBuilder<FailedTask> {
  return failedTasks(manager).where(scope.includes('task.owner_id'), scope.parameters);
}
