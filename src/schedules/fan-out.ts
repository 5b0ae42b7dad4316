import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { REPLICA } from '../config/replica.js';
import { parseInstant } from '../database/instants.js';
import { isRefused } from '../database/refused.js';
import type { MissedTicks } from '../deliveries/attempt-ledger.js';
import { DeliveriesService } from '../deliveries/deliveries.service.js';
import { type CatchUp, missedTicks } from './definitions/catch-up.js';
import type { Definition } from './definitions/definition.js';
import { isOfAnOutage, type LateTicks } from './definitions/due-plan.js';
import { DEFINITIONS_OF_TRIGGERS, FIRE_PAGES, FIRINGS_TO_COME, SET_FIRING_ASIDE } from './firings.queries.js';
import { definitionOf, type DefinitionRow } from './trigger.entity.js';
import { TickTraces } from './tick-traces.js';
import { TriggersService } from './triggers.service.js';

/** Firings, schedules of each, and schedules in all that one statement deals with. */
const PAGES = [100, 5_000, 10_000];

interface FiredRow {
  id: string;
  trigger_id: string;
  ticks: Date[];
  dropped_from: Date | null;
  dropped_to: Date | null;
  dropped_count: number | null;
  /** schedules of this page */
  size: number;
  is_done: boolean;
  /** the trigger has no enabled schedule, or may have lost its last one */
  is_unused: boolean;
  skipped_in_all: number;
  /** of a late firing: the schedules of this page */
  participants: Participant[] | null;
}

/** A schedule of a page; `activeSince` as PostgreSQL writes it. */
interface Participant {
  id: string;
  activeSince: string;
  catchUp: CatchUp;
}

/** Turns ticks that were taken into deliveries, a page of schedules at a time. */
@Injectable()
export class FanOut {
  private readonly logger = new Logger(FanOut.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly deliveries: DeliveriesService,
    private readonly triggers: TriggersService,
    private readonly traces: TickTraces,
  ) {}

  /**
   * Fires the next page of some firings: of those on time or, when there are none, of late ones.
   *
   * @returns whether there may be more
   */
  async fire(): Promise<boolean> {
    const startedAt = new Date();
    const onTime = await this.fireSome(false);
    const rows = onTime.length > 0 ? onTime : await this.fireSome(true);
    const [first] = rows;
    if (!first) return false;
    this.traces.recordPages(rows, startedAt);
    if (first.skipped_in_all > 0) this.deliveries.countSkipped(first.skipped_in_all);
    await this.triggers.retireUnused(rows.filter(({ is_unused }) => is_unused).map(({ trigger_id }) => trigger_id));
    return true;
  }

  /** When the database refuses a page for what stands in it, each firing is tried alone: the others go on. */
  private async fireSome(isLate: boolean): Promise<FiredRow[]> {
    try {
      return await this.firePages(isLate, null);
    } catch (error) {
      if (!isRefused(error)) throw error;
      return this.fireOneByOne(isLate);
    }
  }

  private async fireOneByOne(isLate: boolean): Promise<FiredRow[]> {
    const firings = await this.dataSource.query<{ id: string }[]>(FIRINGS_TO_COME, [isLate, PAGES[0]]);
    const rows: FiredRow[] = [];
    for (const { id } of firings) {
      try {
        rows.push(...(await this.firePages(isLate, id)));
      } catch (error) {
        if (!isRefused(error)) throw error;
        const fault = (error as Error).message;
        this.logger.error(`firing ${id} is set aside: ${fault}`);
        await this.dataSource.query(SET_FIRING_ASIDE, [id, fault]);
      }
    }
    return rows;
  }

  /** Late pages, and what their schedules missed, are one transaction. */
  private firePages(isLate: boolean, firingId: string | null): Promise<FiredRow[]> {
    const parameters = [...PAGES, isLate, REPLICA, firingId];
    if (!isLate) return this.dataSource.query(FIRE_PAGES, parameters);
    return this.dataSource.transaction(async (manager) => {
      const rows = await manager.query<FiredRow[]>(FIRE_PAGES, parameters);
      if (rows.length > 0) await this.recordMissed(rows, manager);
      return rows;
    });
  }

  private async recordMissed(rows: FiredRow[], manager: EntityManager): Promise<void> {
    const ids = rows.map(({ trigger_id }) => trigger_id);
    const triggers = await manager.query<(DefinitionRow & { id: string })[]>(DEFINITIONS_OF_TRIGGERS, [ids]);
    const definitions = new Map(triggers.map((row) => [row.id, definitionOf(row)]));
    const missed = rows.flatMap((row) => {
      const definition = definitions.get(row.trigger_id);
      if (!definition || !row.participants) return [];
      try {
        return missedOf(row, row.participants, definition);
      } catch (error) {
        this.logger.error(`what is missed of firing ${row.id} cannot be told: ${(error as Error).message}`);
        return [];
      }
    });
    await this.deliveries.recordMissed(missed, manager);
  }
}

function missedOf(row: FiredRow, participants: Participant[], definition: Definition): MissedTicks[] {
  const missedBy = missedTicks(lateTicksOf(row), definition);
  return participants.flatMap(({ id, activeSince, catchUp }) => {
    const range = missedBy({ catchUp, activeSince: parseInstant(activeSince) });
    return range ? [{ scheduleId: id, ...range }] : [];
  });
}

/** @throws Error when the firing's row is none that the dispatcher has written */
function lateTicksOf({ ticks, dropped_from, dropped_to, dropped_count }: FiredRow): LateTicks {
  const replay = ticks.filter((tick) => tick instanceof Date);
  if (!dropped_from || !dropped_to || dropped_count === null) return { dropped: null, replay };
  const dropped = { from: dropped_from, to: dropped_to, count: dropped_count };
  if (!isOfAnOutage(dropped, new Date())) throw new Error('its range of dropped ticks is not that of an outage');
  return { dropped, replay };
}
