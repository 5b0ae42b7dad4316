import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { WorkLoop } from '../queue/work-loop.js';
import { nextTick } from './definitions/definition.js';
import { type DueTriggerRow, NO_FURTHER_TICK } from './dispatcher.js';
import { SET_ENDLESS_FIRINGS_ASIDE } from './firings.queries.js';
import { RESCUE_TRIGGER, STRANDED_TRIGGERS } from './schedules.queries.js';
import { definitionOf } from './trigger.entity.js';

const INTERVAL_MS = 60_000;
const BATCH_SIZE = 500;

type StrandedTrigger = Omit<DueTriggerRow, 'next_fire_at' | 'due_exactly'> & {
  next_fire_at: Date | null;
  due_exactly: string | null;
};

/**
 * Looks for rows that the service did not write and that would keep schedules silent for ever: triggers that are never
 * due, and firings that cannot be fired. Brings them back, or sets them aside with the reason.
 */
@Injectable()
export class TriggerUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(TriggerUpkeep.name);
  private readonly loop = new WorkLoop(TriggerUpkeep.name, () => this.look(), INTERVAL_MS);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.roles.includes('scheduler')) this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  private async look(): Promise<false> {
    const triggers = await this.dataSource.query<StrandedTrigger[]>(STRANDED_TRIGGERS, [BATCH_SIZE]);
    for (const trigger of triggers) await this.rescue(trigger);
    const [firings] = await this.dataSource.query<[{ id: string; fault: string }[], number]>(SET_ENDLESS_FIRINGS_ASIDE);
    for (const { id, fault } of firings) this.logger.error(`firing ${id} is set aside: ${fault}`);
    return false;
  }

  /** Ticks that were not taken meanwhile are nobody's to tell: they are not recorded. */
  private async rescue(trigger: StrandedTrigger): Promise<void> {
    const { id, due_exactly } = trigger;
    const { nextFireAt, fault } = firstTickFromNow(trigger);
    // A definition whose next tick is as far away as that.
    if (nextFireAt && nextFireAt.getTime() === trigger.next_fire_at?.getTime()) return;
    await this.dataSource.query(RESCUE_TRIGGER, [id, due_exactly, nextFireAt, fault]);
    if (fault !== null) this.logger.error(`trigger ${id} is set aside: ${fault}`);
    else this.logger.warn(`trigger ${id} goes on from now: it was due ${due_exactly ?? 'never'}`);
  }
}

function firstTickFromNow(trigger: StrandedTrigger): { nextFireAt: Date | null; fault: string | null } {
  try {
    const nextFireAt = nextTick(definitionOf(trigger), trigger.now);
    return { nextFireAt, fault: nextFireAt ? null : NO_FURTHER_TICK };
  } catch (error) {
    return { nextFireAt: null, fault: (error as Error).message };
  }
}
