import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { REPLICA } from '../config/replica.js';
import { DeliveriesService } from '../deliveries/deliveries.service.js';
import { type CatchUp, missedTicks } from './definitions/catch-up.js';
import type { LateTicks } from './definitions/due-plan.js';
import { DEFINITIONS_OF_TRIGGERS, FIRE_PAGES } from './firings.queries.js';
import { definitionOf, type DefinitionRow } from './trigger.entity.js';
import { TickTraces } from './tick-traces.js';
import { TriggersService } from './triggers.service.js';

/** Firings, schedules of each, and schedules in all that one statement deals with. */
const PAGES = [100, 5_000, 10_000];

interface FiredRow {
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
  participants: { id: string; activeSince: string; catchUp: CatchUp }[] | null;
}

/** Turns ticks that were taken into deliveries, a page of schedules at a time. */
@Injectable()
export class FanOut {
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
    const onTime = await this.firePages(this.dataSource.manager, false);
    const rows = onTime.length > 0 ? onTime : await this.fireLate();
    const [first] = rows;
    if (!first) return false;
    this.traces.recordPages(rows, startedAt);
    if (first.skipped_in_all > 0) this.deliveries.countSkipped(first.skipped_in_all);
    await this.triggers.retireUnused(rows.filter(({ is_unused }) => is_unused).map(({ trigger_id }) => trigger_id));
    return true;
  }

  /** Pages and what their schedules missed are one transaction. */
  private fireLate(): Promise<FiredRow[]> {
    return this.dataSource.transaction(async (manager) => {
      const rows = await this.firePages(manager, true);
      if (rows.length > 0) await this.recordMissed(rows, manager);
      return rows;
    });
  }

  private firePages(manager: EntityManager, isLate: boolean): Promise<FiredRow[]> {
    return manager.query(FIRE_PAGES, [...PAGES, isLate, REPLICA]);
  }

  private async recordMissed(rows: FiredRow[], manager: EntityManager): Promise<void> {
    const ids = rows.map(({ trigger_id }) => trigger_id);
    const triggers = await manager.query<(DefinitionRow & { id: string })[]>(DEFINITIONS_OF_TRIGGERS, [ids]);
    const definitions = new Map(triggers.map((row) => [row.id, definitionOf(row)]));
    const missed = rows.flatMap((row) => {
      const definition = definitions.get(row.trigger_id);
      if (!definition || !row.participants) return [];
      const missedBy = missedTicks(lateTicksOf(row), definition);
      return row.participants.flatMap(({ id, activeSince, catchUp }) => {
        const range = missedBy({ catchUp, activeSince: new Date(activeSince) });
        return range ? [{ scheduleId: id, ...range }] : [];
      });
    });
    await this.deliveries.recordMissed(missed, manager);
  }
}

function lateTicksOf({ ticks, dropped_from, dropped_to, dropped_count }: FiredRow): LateTicks {
  const dropped =
    dropped_from && dropped_to && dropped_count !== null
      ? { from: dropped_from, to: dropped_to, count: dropped_count }
      : null;
  return { dropped, replay: ticks };
}
