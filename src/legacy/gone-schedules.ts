import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { DeliveriesService } from '../deliveries/deliveries.service.js';
import { TriggersService } from '../schedules/triggers.service.js';
import type { Difference, Finding } from './difference.js';
import type { ImportOptions } from './import-options.js';
import { definitionText, type ScheduleHere } from './schedule-comparison.js';
import { FORGET_RECORDS, LOCK_TO_PRUNE, PRUNE, SCHEDULES_HERE } from './schedules-import.queries.js';

const PAGE_SIZE = 500;

/** Schedules that were imported and are no longer in the replaced service. */
@Injectable()
export class GoneSchedules {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly triggers: TriggersService,
    private readonly deliveries: DeliveriesService,
  ) {}

  /** Lists them in `difference` and, if asked to, removes those that were not changed here since. */
  async settle(ids: string[], source: number, difference: Difference, options: ImportOptions): Promise<void> {
    for (let i = 0; i < ids.length; i += PAGE_SIZE) {
      const page = ids.slice(i, i + PAGE_SIZE);
      const here = await this.dataSource.query<ScheduleHere[]>(SCHEDULES_HERE, [page]);
      const isWanted = ({ is_changed_here }: ScheduleHere) => !is_changed_here || options.isOverwriting;
      if (!options.isPruning) {
        for (const schedule of here) difference.gone.push({ ...findingOf(schedule), note: noteOf(schedule) });
        continue;
      }
      const changedHere = here.filter((schedule) => !isWanted(schedule)).map(findingOf);
      for (const finding of changedHere) difference.conflicts.push({ ...finding, note: CHANGED_HERE });
      const findings = here.filter(isWanted).map(findingOf);
      const removed = options.isApplying ? await this.prune(findings, source, options) : null;
      for (const finding of findings) {
        if (removed && !removed.has(finding.id)) difference.conflicts.push({ ...finding, note: CHANGED_HERE });
        else difference.removed.push({ ...finding, note: 'is no longer there' });
      }
      if (options.signal?.aborted) return;
    }
  }

  /** @returns ids of those removed: others were changed a moment ago */
  private async prune(findings: Finding[], source: number, options: ImportOptions): Promise<Set<string>> {
    const ids = findings.map(({ id }) => id);
    const pruned = await this.dataSource.transaction(async (manager) => {
      const locked = await manager.query<{ id: string; trigger_id: string }[]>(LOCK_TO_PRUNE, [
        ids,
        options.isOverwriting,
      ]);
      const lockedIds = locked.map(({ id }) => id);
      await this.deliveries.forgetFailedTasks(lockedIds, manager);
      await manager.query(PRUNE, [lockedIds]);
      await manager.query(FORGET_RECORDS, [source, lockedIds]);
      return locked;
    });
    await this.triggers.retireUnused(pruned.map(({ trigger_id }) => trigger_id));
    const prunedIds = pruned.map(({ id }) => id);
    await options.onPruned?.(prunedIds);
    return new Set(prunedIds);
  }
}

const CHANGED_HERE = 'is no longer there, but was changed here';

function findingOf(schedule: ScheduleHere): Finding {
  return { id: schedule.id, name: definitionText(schedule) };
}

function noteOf({ enabled, is_changed_here }: ScheduleHere): string {
  if (is_changed_here) return CHANGED_HERE;
  return enabled ? 'is no longer there, but keeps running here' : 'is no longer there; it is off here';
}
