import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { type DuePlan, planDue } from './definitions/due-plan.js';
import { FanOutWorker } from './fan-out-worker.js';
import { isRefused } from '../database/refused.js';
import { RECORD_FIRINGS } from './firings.queries.js';
import { TickInstruments } from './tick.instruments.js';
import { TickTraces } from './tick-traces.js';
import { LOCK_DUE_TRIGGERS, NEXT_DUE_IN_MS, SET_TRIGGER_ASIDE, TAKE_TICKS } from './schedules.queries.js';
import { definitionOf, type DefinitionRow } from './trigger.entity.js';

/** Triggers whose ticks are taken in one transaction. */
const BATCH_SIZE = 500;
export const NO_FURTHER_TICK = 'the definition has no further tick';

export interface DueTriggerRow extends DefinitionRow {
  id: string;
  next_fire_at: Date;
  /** the same, as PostgreSQL writes it */
  due_exactly: string;
  /** the database's clock */
  now: Date;
}

type TakenTick = DuePlan & { trigger: DueTriggerRow; fault: string | null };

/** Takes due ticks: whatever is due when it looks, in batches, each tick by one replica. */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger(Dispatcher.name);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly fanOutWorker: FanOutWorker,
    private readonly instruments: TickInstruments,
    private readonly traces: TickTraces,
  ) {}

  /**
   * Takes one batch of due ticks: their triggers move on, and what is to be fired is recorded, in one transaction. When
   * the database refuses that for what stands in a row, each trigger is taken alone and the one at fault set aside.
   *
   * @returns how many triggers moved on
   */
  async takeDue(): Promise<number> {
    try {
      return await this.take(BATCH_SIZE);
    } catch (error) {
      if (!isRefused(error)) throw error;
      return this.takeOneByOne();
    }
  }

  private async takeOneByOne(): Promise<number> {
    let moved = 0;
    for (let i = 0; i < BATCH_SIZE; i++) {
      let trigger: DueTriggerRow | undefined;
      try {
        const count = await this.take(1, ([due]) => (trigger = due));
        if (count === 0) break;
        moved += count;
      } catch (error) {
        if (!isRefused(error) || !trigger) throw error;
        const fault = (error as Error).message;
        await this.dataSource.query(SET_TRIGGER_ASIDE, [trigger.id, this.setAside(trigger, fault)]);
      }
    }
    return moved;
  }

  private async take(limit: number, onDue: (due: DueTriggerRow[]) => void = () => {}): Promise<number> {
    const { plans, moved } = await this.dataSource.transaction(async (manager) => {
      const due = await manager.query<DueTriggerRow[]>(LOCK_DUE_TRIGGERS, [limit]);
      onDue(due);
      if (due.length === 0) return { plans: [], moved: 0 };
      const plans = due.map((trigger) => this.plan(trigger));
      const moved = await advance(plans, manager);
      await recordFirings(plans, manager);
      return { plans, moved };
    });
    if (plans.length === 0) return 0;
    this.fanOutWorker.wake();
    this.instruments.count(plans);
    this.traces.recordTaken(plans);
    return moved;
  }

  /** Milliseconds until the next tick by the database's clock, negative when one is due, null when there is none. */
  async nextDueInMs(): Promise<number | null> {
    const [row] = await this.dataSource.query<{ ms: number | null }[]>(NEXT_DUE_IN_MS);
    return row?.ms ?? null;
  }

  /** A definition that cannot be read, or has no further tick, sets its own trigger aside and holds up no other. */
  private plan(trigger: DueTriggerRow): TakenTick {
    try {
      const window = this.config.scheduling.catchUpWindowSeconds;
      const plan = planDue(definitionOf(trigger), trigger.next_fire_at, trigger.now, window);
      if (!plan.tick && !plan.late) {
        this.logger.warn(
          `trigger ${trigger.id} goes on from now: it was due at ${trigger.due_exactly}, before any outage`,
        );
      }
      if (plan.nextFireAt) return { trigger, fault: null, ...plan };
      return { trigger, ...plan, fault: this.setAside(trigger, NO_FURTHER_TICK) };
    } catch (error) {
      const fault = this.setAside(trigger, (error as Error).message);
      return { trigger, fault, tick: null, late: null, nextFireAt: null };
    }
  }

  private setAside({ id }: DueTriggerRow, fault: string): string {
    this.logger.error(`trigger ${id} is set aside: ${fault}`);
    return fault;
  }
}

/** @returns how many moved on */
async function advance(taken: TakenTick[], manager: EntityManager): Promise<number> {
  const [, count] = await manager.query<[unknown[], number]>(TAKE_TICKS, [
    taken.map(({ trigger }) => trigger.id),
    taken.map(({ trigger }) => trigger.due_exactly),
    taken.map(firedTick),
    taken.map(({ nextFireAt }) => nextFireAt),
    taken.map(({ fault }) => fault),
  ]);
  return count;
}

/** The tick on time, or the latest late one if it can be caught up with. */
function firedTick({ tick, late }: TakenTick): Date | null {
  return tick ?? late?.replay.at(-1) ?? null;
}

async function recordFirings(taken: TakenTick[], manager: EntityManager): Promise<void> {
  const fired = taken.filter(({ tick, late }) => tick ?? late);
  const ticks = fired.map(({ tick, late }) => (tick ? [tick] : (late?.replay ?? [])));
  await manager.query(RECORD_FIRINGS, [
    fired.map(({ trigger }) => trigger.id),
    // An array of arrays would have to be rectangular.
    ticks.map((of) => `{${of.map((tick) => tick.toISOString()).join(',')}}`),
    fired.map(({ late }) => late !== null),
    fired.map(({ late }) => late?.dropped?.from ?? null),
    fired.map(({ late }) => late?.dropped?.to ?? null),
    fired.map(({ late }) => late?.dropped?.count ?? null),
  ]);
}
