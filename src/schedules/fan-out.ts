import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { deliveryId } from '../deliveries/delivery.js';
import { DeliveriesService } from '../deliveries/deliveries.service.js';
import { JobQueue } from '../queue/job-queue.js';
import { missedTicks } from './definitions/catch-up.js';
import { lastOf, type LateTicks } from './definitions/due-plan.js';
import { FIRE_PAGE } from './schedules.queries.js';
import { definitionOf, type DefinitionRow } from './trigger.entity.js';

export const FAN_OUT_QUEUE = 'fan-out';
/** Schedules of one trigger, and of all triggers together, that are fired in one transaction. */
const PAGE_SIZE = 1_000;
const MAX_PAGES_SIZE = 5_000;

/** A tick that was taken, and how far its deliveries have been ordered. Survives as a queued job. */
export interface Firing {
  triggerId: string;
  definition: DefinitionRow;
  /** null when ticks were only given up */
  tick: Date | null;
  late: LateTicks | null;
  /** id of the last schedule that was dealt with; null at the beginning */
  after: string | null;
}

interface FiredRow {
  trigger_id: string;
  id: string;
  active_since: Date;
  is_enabled: boolean | null;
}

/** Turns ticks into deliveries, a page of schedules at a time, within the caller's transaction. */
@Injectable()
export class FanOut {
  constructor(
    private readonly deliveries: DeliveriesService,
    private readonly queue: JobQueue,
  ) {}

  /**
   * Fires the first page of each; what is left over is queued.
   *
   * @returns ids of triggers that may have lost their last enabled schedule, or that have none
   */
  async fire(firings: Firing[], manager: EntityManager): Promise<string[]> {
    if (firings.length === 0) return [];
    const rows = await manager.query<FiredRow[]>(FIRE_PAGE, [
      firings.map(({ triggerId }) => triggerId),
      firings.map(({ tick }) => tick),
      firings.map(({ tick, late }) => tick ?? (late && lastOf(late))),
      firings.map(({ after }) => after),
      PAGE_SIZE,
      MAX_PAGES_SIZE,
    ]);
    const byTrigger = Map.groupBy(rows, ({ trigger_id }) => trigger_id);
    for (const firing of firings) await this.record(firing, byTrigger.get(firing.triggerId) ?? [], manager);
    if (rows.length > 0) await this.deliveries.announce(manager);
    const isCut = rows.length === MAX_PAGES_SIZE;
    await this.queueRest(firings, byTrigger, isCut, manager);
    return firings
      .map(({ triggerId }) => triggerId)
      .filter((id) => {
        const page = byTrigger.get(id) ?? [];
        return (page.length === 0 && !isCut) || page.some(({ is_enabled }) => is_enabled === false);
      });
  }

  private async queueRest(
    firings: Firing[],
    byTrigger: Map<string, FiredRow[]>,
    isCut: boolean,
    manager: EntityManager,
  ): Promise<void> {
    const rest = firings.flatMap((firing) => {
      const page = byTrigger.get(firing.triggerId) ?? [];
      const isWhole = page.length < PAGE_SIZE && !isCut;
      return isWhole ? [] : [{ data: { ...firing, after: page.at(-1)?.id ?? firing.after } }];
    });
    await this.queue.insert(FAN_OUT_QUEUE, rest, manager);
  }

  /** A schedule that became active amid the late ticks missed only those after that. */
  private async record({ late, definition }: Firing, page: FiredRow[], manager: EntityManager): Promise<void> {
    if (!late || page.length === 0) return;
    const missedBy = missedTicks(late, definitionOf(definition));
    const rows = page.flatMap(({ id, active_since }) => {
      const missed = missedBy({ catchUp: 'latest', activeSince: active_since });
      if (!missed) return [];
      return [
        {
          deliveryId: deliveryId(id, missed.to),
          attempt: 0,
          scheduledFor: missed.to,
          scheduleId: id,
          startedAt: new Date(),
          missedFrom: missed.from,
          missedCount: missed.count,
        },
      ];
    });
    await this.deliveries.recordMissed(rows, manager);
  }
}

/** A firing as it comes back from the queue: instants are text there. */
export function reviveFiring(data: Firing): Firing {
  const { definition, tick, late } = data;
  return {
    ...data,
    definition: { ...definition, phase: new Date(definition.phase) },
    tick: tick && new Date(tick),
    late: late && reviveLate(late),
  };
}

function reviveLate({ dropped, replay }: LateTicks): LateTicks {
  return {
    dropped: dropped && { ...dropped, from: new Date(dropped.from), to: new Date(dropped.to) },
    replay: replay.map((tick) => new Date(tick)),
  };
}
