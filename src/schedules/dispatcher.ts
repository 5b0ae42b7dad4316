import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { type DuePlan, planDue } from './definitions/due-plan.js';
import { FanOutWorker } from './fan-out-worker.js';
import { RECORD_FIRINGS } from './firings.queries.js';
import { TickInstruments } from './tick.instruments.js';
import { TickTraces } from './tick-traces.js';
import { LOCK_DUE_TRIGGERS, NEXT_DUE_IN_MS, TAKE_TICKS } from './schedules.queries.js';
import { definitionOf, type DefinitionRow } from './trigger.entity.js';

/** Triggers whose ticks are taken in one transaction. */
const BATCH_SIZE = 500;

export interface DueTriggerRow extends DefinitionRow {
  id: string;
  next_fire_at: Date;
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
   * Takes one batch of due ticks: their triggers move on, and what is to be fired is recorded, in one transaction.
   *
   * @returns how many triggers were due
   */
  async takeDue(): Promise<number> {
    const taken = await this.dataSource.transaction(async (manager) => {
      const due = await manager.query<DueTriggerRow[]>(LOCK_DUE_TRIGGERS, [BATCH_SIZE]);
      if (due.length === 0) return [];
      const plans = due.map((trigger) => this.plan(trigger));
      await advance(plans, manager);
      await recordFirings(plans, manager);
      return plans;
    });
    if (taken.length === 0) return 0;
    this.fanOutWorker.wake();
    this.instruments.count(taken);
    this.traces.recordTaken(taken);
    return taken.length;
  }

  /** Milliseconds until the next tick by the database's clock, negative when one is due, null when there is none. */
  async nextDueInMs(): Promise<number | null> {
    const [row] = await this.dataSource.query<{ ms: number | null }[]>(NEXT_DUE_IN_MS);
    return row?.ms ?? null;
  }

  /** A definition that cannot be read sets its own trigger aside, with the reason, and holds up no other. */
  private plan(trigger: DueTriggerRow): TakenTick {
    try {
      const window = this.config.scheduling.catchUpWindowSeconds;
      return { trigger, fault: null, ...planDue(definitionOf(trigger), trigger.next_fire_at, trigger.now, window) };
    } catch (error) {
      const fault = (error as Error).message;
      this.logger.error(`trigger ${trigger.id} is set aside: ${fault}`);
      return { trigger, fault, tick: null, late: null, nextFireAt: null };
    }
  }
}

async function advance(taken: TakenTick[], manager: EntityManager): Promise<void> {
  await manager.query(TAKE_TICKS, [
    taken.map(({ trigger }) => trigger.id),
    taken.map(({ trigger }) => trigger.next_fire_at),
    taken.map(firedTick),
    taken.map(({ nextFireAt }) => nextFireAt),
    taken.map(({ fault }) => fault),
  ]);
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
