import { Injectable } from '@nestjs/common';
import { tickSpan } from '../tracing/trace-ids.js';
import { Tracing } from '../tracing/tracing.js';
import type { DuePlan } from './definitions/due-plan.js';

/**
 * What traces show of ticks: a trace for each, with the taking of it (from the tick on) and, within that, its pages of
 * fan-out. Its deliveries link to it.
 */
@Injectable()
export class TickTraces {
  constructor(private readonly tracing: Tracing) {}

  recordTaken(taken: (DuePlan & { trigger: { id: string } })[]): void {
    if (!this.tracing.isOn) return;
    for (const { trigger, tick, late } of taken) {
      for (const fired of tick ? [tick] : (late?.replay ?? [])) {
        this.tracing.record('tick', {
          ids: tickSpan(trigger.id, fired),
          startTime: fired,
          attributes: { 'seed.trigger.id': trigger.id, 'seed.tick': fired.toISOString(), 'seed.late': late !== null },
        });
      }
    }
  }

  /** A firing of several late ticks belongs to the last of them. */
  recordPages(pages: { trigger_id: string; ticks: Date[]; size: number; is_done: boolean }[], startTime: Date): void {
    if (!this.tracing.isOn) return;
    for (const { trigger_id, ticks, size, is_done } of pages) {
      const last: unknown = ticks.at(-1);
      // A row that the service did not write can have NULL there, or an array of arrays.
      if (!(last instanceof Date)) continue;
      this.tracing.record('fan-out', {
        parent: this.tracing.contextOf(tickSpan(trigger_id, last)),
        startTime,
        attributes: { 'seed.trigger.id': trigger_id, 'seed.page.schedules': size, 'seed.page.is_last': is_done },
      });
    }
  }
}
