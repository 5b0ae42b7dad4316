import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { CallBatcher, type Settled } from '../database/call-batcher.js';
import { databaseNow } from './database-now.js';
import { type Definition, nextTick } from './definitions/definition.js';
import { newDefinition } from './definitions/new-definition.js';
import { Schedule } from './schedule.entity.js';
import { CREATE_SCHEDULES } from './schedules.queries.js';
import { definitionRow, Trigger } from './trigger.entity.js';
import { TriggersService } from './triggers.service.js';

const MAX_BATCH = 100;
// So that one whose triggers have to be made does not hold up the next.
const BATCHES_AT_ONCE = 2;

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

interface Order {
  wanted: NewSchedule;
  definition: Definition;
  /** of an interval: the instant of creation, whose whole second it is counted from; null: that of the statement */
  countedFrom: Date | null;
  /** null when it is off, or never due; undefined while that is not known */
  firstTick?: Date | null;
}

type Note = (order: Order, outcome: Settled<Created>) => void;

interface CreatedRow {
  id: string;
  now: Date;
  created_at: Date;
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
 * thousand of them waits for. Those whose trigger has to be made, or rests, follow in a transaction of their own.
 */
@Injectable()
export class ScheduleCreation {
  private readonly batcher = new CallBatcher<NewSchedule, Created>(MAX_BATCH, BATCHES_AT_ONCE, (batch) =>
    this.createAll(batch),
  );

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
    const note: Note = ({ wanted }, outcome) => settled.set(wanted.id, outcome);
    await this.insertAll(orders, note);
    const left = orders.filter(({ wanted }) => !settled.has(wanted.id));
    if (left.length > 0) await this.insertWithTriggers(left, note);
    return batch.map(({ id }) => settled.get(id) as Settled<Created>);
  }

  /** An interval is counted from the database's second in which its schedule is created. */
  private async withDefinitions(batch: NewSchedule[]): Promise<Order[]> {
    const hasInterval = batch.some(({ definition }) => definition.kind === 'interval');
    const now = hasInterval ? await databaseNow(this.dataSource.manager) : new Date(0);
    return batch.map((wanted) => ({
      wanted,
      definition: newDefinition(wanted.definition, now),
      countedFrom: wanted.definition.kind === 'interval' ? now : null,
    }));
  }

  /** Those that find their trigger at work. What the database refuses is left for `insertWithTriggers` to find out. */
  private async insertAll(orders: Order[], note: Note): Promise<void> {
    const start = performance.now();
    try {
      const rows = await insert(orders, this.dataSource.manager);
      for (const [order, row] of rows) note(order, { value: created(order, row, start) });
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }

  /** Makes their triggers, or puts them to work, first. One by one when the database refuses any. */
  private async insertWithTriggers(orders: Order[], note: Note): Promise<void> {
    const start = performance.now();
    let rows: [Order, CreatedRow][];
    try {
      rows = await this.dataSource.transaction(async (manager) => {
        const prepared = await this.withFirstTicks(orders, manager);
        await this.triggers.prepare(prepared, manager);
        return insert(prepared, manager);
      });
    } catch (error) {
      if (orders.length === 1 || !isRefused(error)) {
        for (const order of orders) note(order, { error: error as Error });
      } else {
        for (const order of orders) await this.insertWithTriggers([order], note);
      }
      return;
    }
    for (const [order, row] of rows) note(order, { value: created(order, row, start) });
    // Again for those whose trigger went between the two statements.
    const stored = new Set(rows.map(([, { id }]) => id));
    const left = orders.filter(({ wanted }) => !stored.has(wanted.id));
    if (left.length > 0) await this.insertWithTriggers(left, note);
  }

  private async withFirstTicks(orders: Order[], manager: EntityManager): Promise<Required<Order>[]> {
    const now = await databaseNow(manager);
    return orders.map((order) => ({
      ...order,
      firstTick: order.wanted.enabled ? nextTick(order.definition, now) : null,
    }));
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
    orders.map(({ wanted, firstTick }) => wanted.enabled && firstTick !== null),
    orders.map(({ countedFrom }) => countedFrom),
  ];
}

function scheduleOf({ wanted, definition }: Order, row: CreatedRow): Schedule {
  const { now, created_at, trigger_id, next_fire_at } = row;
  const { kind, text, time_zone, phase } = definitionRow(definition);
  const key = { id: trigger_id, kind, text, timeZone: time_zone, phase };
  const trigger = Object.assign(new Trigger(), { ...key, nextFireAt: next_fire_at, lastFireAt: null, fault: null });
  const { definition: _, ...columns } = wanted;
  return Object.assign(new Schedule(), {
    ...columns,
    ...{ triggerId: trigger_id, trigger, triggered: 0, lastRun: null, activeSince: now, haltedAt: null },
    ...{ createdAt: created_at, updatedAt: created_at, updatedBy: wanted.createdBy },
  });
}

/** Whether the database does not take this as it is: SQLSTATE classes 22 (data), 23 (integrity) and 40 (deadlock). */
function isRefused(error: unknown): boolean {
  const code = error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
  return /^(22|23|40)/.test(code ?? '');
}
