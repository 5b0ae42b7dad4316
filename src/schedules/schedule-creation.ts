import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { CallBatcher, type Settled } from './call-batcher.js';
import type { Definition } from './definitions/definition.js';
import { newDefinition } from './definitions/new-definition.js';
import { Schedule } from './schedule.entity.js';
import { databaseNow } from './database-now.js';
import { CREATE_SCHEDULES } from './schedules.queries.js';
import { definitionRow, Trigger } from './trigger.entity.js';
import { TriggersService } from './triggers.service.js';

const MAX_BATCH = 100;
// Of the transactions that make triggers; the others of the pool's connections are for everybody else.
const MAX_TRIGGERS_AT_ONCE = 8;

/** What a client chooses of a new schedule, and who the client is. */
export type NewSchedule = Pick<
  Schedule,
  | 'id'
  | 'frequency'
  | 'endpoint'
  | 'originId'
  | 'payload'
  | 'authToken'
  | 'enabled'
  | 'catchUp'
  | 'overlap'
  | 'createdBy'
> & { definition: { kind: Definition['kind']; text: string } };

/** A new schedule with the row of its trigger. */
interface Order {
  wanted: NewSchedule;
  definition: Definition;
}

interface CreatedRow {
  id: string;
  now: Date;
  trigger_id: string;
  next_fire_at: Date | null;
}

export interface Created {
  /** with its trigger */
  schedule: Schedule;
  /** by the database's clock: no tick after it was taken before the schedule was there for all to see */
  visibleAt: Date;
}

/**
 * Stores new schedules, many in one statement when many come at once: that is what a client that creates a hundred
 * thousand of them waits for. Those whose trigger has to be made, or rests, follow in a transaction for each trigger.
 */
@Injectable()
export class ScheduleCreation {
  private readonly batcher = new CallBatcher<NewSchedule, Created>(MAX_BATCH, (batch) => this.createAll(batch));

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly triggers: TriggersService,
  ) {}

  create(schedule: NewSchedule): Promise<Created> {
    return this.batcher.call(schedule);
  }

  private async createAll(batch: NewSchedule[]): Promise<Settled<Created>[]> {
    const orders = await this.withDefinitions(batch);
    const settled = new Map<string, Settled<Created>>();
    const note = (order: Order, outcome: Settled<Created>) => settled.set(order.wanted.id, outcome);
    await this.insertAll(orders, note);
    const byTrigger = Map.groupBy(
      orders.filter(({ wanted }) => !settled.has(wanted.id)),
      ({ definition }) => JSON.stringify(definition),
    );
    await forEachAtOnce([...byTrigger.values()], MAX_TRIGGERS_AT_ONCE, (group) => this.insertWithTrigger(group, note));
    return batch.map(({ id }) => settled.get(id) as Settled<Created>);
  }

  /** An interval is counted from the database's second in which its schedule is created. */
  private async withDefinitions(batch: NewSchedule[]): Promise<Order[]> {
    const hasInterval = batch.some(({ definition }) => definition.kind === 'interval');
    const now = hasInterval ? await databaseNow(this.dataSource.manager) : new Date(0);
    return batch.map((wanted) => ({ wanted, definition: newDefinition(wanted.definition, now) }));
  }

  /** Those that find their trigger at work. What the database refuses is left for `insertWithTrigger` to find out. */
  private async insertAll(orders: Order[], note: (order: Order, outcome: Settled<Created>) => void): Promise<void> {
    const start = performance.now();
    try {
      const rows = await insert(orders, this.dataSource.manager);
      for (const [order, row] of rows) note(order, { value: created(order, row, start) });
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }

  /** Schedules of one trigger, which is made or put to work first; one by one when the database refuses any. */
  private async insertWithTrigger(
    group: Order[],
    note: (order: Order, outcome: Settled<Created>) => void,
  ): Promise<void> {
    const [{ definition }] = group as [Order];
    const isNeeded = group.some(({ wanted }) => wanted.enabled);
    const start = performance.now();
    try {
      const rows = await this.dataSource.transaction(async (manager) => {
        await this.triggers.acquire(definition, isNeeded, await databaseNow(manager), manager);
        return insert(group, manager);
      });
      for (const [order, row] of rows) note(order, { value: created(order, row, start) });
    } catch (error) {
      if (group.length > 1 && isRefused(error)) {
        for (const order of group) await this.insertWithTrigger([order], note);
      } else {
        for (const order of group) note(order, { error: error as Error });
      }
    }
  }
}

/** @returns those that were stored: whose trigger is there and, for an enabled one, at work */
async function insert(orders: Order[], manager: EntityManager): Promise<[Order, CreatedRow][]> {
  const rows = await manager.query<CreatedRow[]>(CREATE_SCHEDULES, columnsOf(orders));
  const byId = new Map(orders.map((order) => [order.wanted.id, order]));
  return rows.map((row) => [byId.get(row.id) as Order, row]);
}

/** @param start by performance.now(), before the statement; this is called after the commit */
function created(order: Order, row: CreatedRow, start: number): Created {
  // The row's instant is cut to the millisecond.
  const elapsedMs = Math.ceil(performance.now() - start) + 1;
  return { schedule: scheduleOf(order, row), visibleAt: new Date(row.now.getTime() + elapsedMs) };
}

function columnsOf(orders: Order[]): unknown[][] {
  const triggers = orders.map(({ definition }) => definitionRow(definition));
  const schedules = orders.map(({ wanted }) => wanted);
  return [
    schedules.map(({ id }) => id),
    triggers.map(({ kind }) => kind),
    triggers.map(({ text }) => text),
    triggers.map(({ time_zone }) => time_zone),
    triggers.map(({ phase }) => phase),
    schedules.map(({ frequency }) => frequency),
    schedules.map(({ endpoint }) => endpoint),
    schedules.map(({ originId }) => originId),
    schedules.map(({ payload }) => payload),
    schedules.map(({ authToken }) => authToken),
    schedules.map(({ enabled }) => enabled),
    schedules.map(({ catchUp }) => catchUp),
    schedules.map(({ overlap }) => overlap),
    schedules.map(({ createdBy }) => createdBy),
  ];
}

function scheduleOf({ wanted, definition }: Order, { now, trigger_id, next_fire_at }: CreatedRow): Schedule {
  const { kind, text, time_zone, phase } = definitionRow(definition);
  const key = { id: trigger_id, kind, text, timeZone: time_zone, phase };
  const trigger = Object.assign(new Trigger(), { ...key, nextFireAt: next_fire_at, lastFireAt: null, fault: null });
  const { definition: _, ...columns } = wanted;
  return Object.assign(new Schedule(), {
    ...columns,
    ...{ triggerId: trigger_id, trigger, triggered: 0, lastRun: null, activeSince: now, haltedAt: null },
    ...{ createdAt: now, updatedAt: now, updatedBy: wanted.createdBy },
  });
}

/** Carries out `step` for each item, so many at a time. */
async function forEachAtOnce<T>(items: T[], atOnce: number, step: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const lane = async () => {
    for (const item of left) await step(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
}

/** Whether the database will never take this: SQLSTATE classes 22 (data) and 23 (integrity). */
function isRefused(error: unknown): boolean {
  const code = error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
  return /^2[23]/.test(code ?? '');
}
