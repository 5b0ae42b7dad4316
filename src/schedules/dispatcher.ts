import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { type DuePlan, planDue } from './definitions/due-plan.js';
import { FanOut, type Firing } from './fan-out.js';
import { FanOutWorker } from './fan-out-worker.js';
import { LOCK_DUE_TRIGGERS, NEXT_DUE_IN_MS, TAKE_TICKS } from './schedules.queries.js';
import { definitionOf, type DefinitionRow } from './trigger.entity.js';
import { TriggersService } from './triggers.service.js';

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
    private readonly fanOut: FanOut,
    private readonly fanOutWorker: FanOutWorker,
    private readonly triggers: TriggersService,
  ) {}

  /**
   * Takes one batch of due ticks; triggers, deliveries and cursors change in one transaction or not at all.
   *
   * @returns how many triggers were due
   */
  async takeDue(): Promise<number> {
    const { count, unused } = await this.dataSource.transaction(async (manager) => {
      const due = await manager.query<DueTriggerRow[]>(LOCK_DUE_TRIGGERS, [BATCH_SIZE]);
      const taken = due.map((trigger) => this.plan(trigger));
      if (taken.length > 0) await advance(taken, manager);
      return { count: due.length, unused: await this.fanOut.fire(taken.flatMap(firingOf), manager) };
    });
    if (count > 0) this.fanOutWorker.wake();
    await this.triggers.retireUnused(unused);
    return count;
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

function firingOf(taken: TakenTick): Firing[] {
  const { trigger, tick, late } = taken;
  if (!tick && !late) return [];
  const { id, kind, text, time_zone, phase } = trigger;
  return [{ triggerId: id, definition: { kind, text, time_zone, phase }, tick: firedTick(taken), late, after: null }];
}
