import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import type { PageRequest } from '../http/paging.js';
import { ScheduledMetrics } from '../metrics/scheduled-metrics.js';
import { WorkLoop } from '../queue/work-loop.js';
import { Schedule } from './schedule.entity.js';
import type { ScheduleFilter } from './schedule-filter.js';
import { COMPACT_COUNTS, COUNT_ALL, COUNT_ENABLED } from './schedules.queries.js';

const COMPACT_INTERVAL_MS = 15_000;

/** Pages of schedules, and how many there are. Every count is exact. */
@Injectable()
export class ScheduleList implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly compaction = new WorkLoop(ScheduleList.name, () => this.compact(), COMPACT_INTERVAL_MS);

  constructor(
    @InjectRepository(Schedule) private readonly schedules: Repository<Schedule>,
    metrics: ScheduledMetrics,
  ) {
    metrics.read('schedules.enabled.last', () => this.count({ enabled: true }));
    metrics.read('schedules.total.last', () => this.count({}));
  }

  /** Newest first, with the number of all that pass the filter. */
  page(filter: ScheduleFilter, window: PageRequest): Promise<[Schedule[], number]> {
    return Promise.all([this.read(filter, window), this.count(filter)]);
  }

  async count(filter: ScheduleFilter): Promise<number> {
    const names = Object.keys(filter);
    if (names.length === 0) return this.number(COUNT_ALL);
    if (names.length === 1 && filter.enabled === true) return this.number(COUNT_ENABLED);
    const counted = filtered(this.schedules.createQueryBuilder('schedule'), filter).select('count(*)::int', 'count');
    return (await counted.getRawOne<{ count: number }>())?.count ?? 0;
  }

  onApplicationBootstrap(): void {
    this.compaction.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.compaction.stop();
  }

  // The page is cut from the index alone and filled afterwards: rows that are passed over are never read. With `take`
  // TypeORM would sort all schedules first.
  private read(filter: ScheduleFilter, { limit, offset }: PageRequest): Promise<Schedule[]> {
    const newestFirst = <T extends SelectQueryBuilder<Schedule>>(query: T) =>
      query.orderBy('schedule.created_at', 'DESC').addOrderBy('schedule.id', 'DESC');
    return newestFirst(this.schedules.createQueryBuilder('schedule'))
      .innerJoinAndSelect('schedule.trigger', 'trigger')
      .innerJoin(
        (sub) =>
          newestFirst(filtered(sub.select('schedule.id', 'id').from(Schedule, 'schedule'), filter))
            .limit(limit)
            .offset(offset),
        'page',
        'page.id = schedule.id',
      )
      .getMany();
  }

  private async number(sql: string): Promise<number> {
    const [row] = await this.schedules.query<{ count: number }[]>(sql);
    return row?.count ?? 0;
  }

  private async compact(): Promise<false> {
    await this.schedules.query(COMPACT_COUNTS);
    return false;
  }
}

function filtered(query: SelectQueryBuilder<Schedule>, filter: ScheduleFilter): SelectQueryBuilder<Schedule> {
  const { cron, interval, ...columns } = filter;
  for (const [name, value] of Object.entries(columns)) query.andWhere(`schedule.${name} = :${name}`, { [name]: value });
  for (const [kind, text] of Object.entries({ cron, interval })) {
    if (text === undefined) continue;
    const triggers = `SELECT id FROM triggers WHERE kind = '${kind}' AND text = :${kind}`;
    query.andWhere(`schedule.trigger_id IN (${triggers})`, { [kind]: text });
  }
  return query;
}
