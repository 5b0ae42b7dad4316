import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Counter, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { readGauge } from '../metrics/gauge.js';
import { PROMETHEUS } from '../metrics/prometheus.js';
import { WorkLoop } from '../queue/work-loop.js';
import type { DuePlan } from './definitions/due-plan.js';
import { SCHEDULING_BACKLOG } from './schedules.queries.js';

const READ_INTERVAL_MS = 15_000;

/**
 * What is counted of ticks. The backlog is read by every replica, whatever its roles: it is what tells that no replica
 * takes ticks.
 */
@Injectable()
export class TickInstruments implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly taken: Counter<'timeliness'>;
  private readonly loop = new WorkLoop(TickInstruments.name, () => this.read(), READ_INTERVAL_MS);
  private backlog = { overdue_seconds: 0, firings: 0 };

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(PROMETHEUS) registry: Registry,
  ) {
    this.taken = new Counter({
      name: 'seed_scheduler_ticks_total',
      help: 'Ticks of triggers that were taken: on_time, late (over 60 s) or dropped (too late to be caught up with).',
      labelNames: ['timeliness'],
      registers: [registry],
    });
    for (const timeliness of ['on_time', 'late', 'dropped']) this.taken.inc({ timeliness }, 0);
    readGauge(
      {
        name: 'seed_scheduler_trigger_overdue_seconds',
        help: 'By how much the oldest tick that nobody has taken is overdue, up to 15 s ago; 0 when none is.',
        registry,
      },
      () => this.backlog.overdue_seconds,
    );
    readGauge(
      {
        name: 'seed_scheduler_firings_waiting',
        help: 'Ticks that were taken and whose deliveries are not all ordered yet, up to 15 s ago.',
        registry,
      },
      () => this.backlog.firings,
    );
  }

  count(plans: DuePlan[]): void {
    let onTime = 0;
    let late = 0;
    let dropped = 0;
    for (const plan of plans) {
      if (plan.tick) onTime += 1;
      late += plan.late?.replay.length ?? 0;
      dropped += plan.late?.dropped?.count ?? 0;
    }
    this.taken.inc({ timeliness: 'on_time' }, onTime);
    this.taken.inc({ timeliness: 'late' }, late);
    this.taken.inc({ timeliness: 'dropped' }, dropped);
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  private async read(): Promise<false> {
    const [backlog] = await this.dataSource.query<[TickInstruments['backlog']]>(SCHEDULING_BACKLOG);
    this.backlog = backlog;
    return false;
  }
}
