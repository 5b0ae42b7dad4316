import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { Scope } from '../database/scope.js';
import type { PageRequest } from '../http/paging.js';
import { ScheduledMetrics } from '../metrics/scheduled-metrics.js';
import { WorkLoop } from '../queue/work-loop.js';
import { Schedule } from './schedule.entity.js';
import type { ScheduleFilter } from './schedule-filter.js';
import { COMPACT_COUNTS, countAll, countEnabled } from './schedules.queries.js';

const COMPACT_INTERVAL_MS = 15_000;
const OWNER = 'schedule.created_by';
/** Filters that have an index which begins with the owner, or that most schedules pass. */
const FILTERS_BY_OWNER = ['enabled', 'frequency'];
/** Schedules in scope up to which those of each owner are looked through for other filters. */
const MAX_LOOKED_THROUGH = 20_000;
/** Of payloads in a page, which ends there: a thousand of the largest would take gigabytes of memory to write. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** SQL of the rows in scope, from a SELECT of those that pass a condition. */
type InScope = (rowsOf: (condition: string) => string) => string;

/** Pages of schedules, and how many there are. Every count is exact. */
@Injectable()
export class ScheduleList implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly compaction = new WorkLoop(ScheduleList.name, () => this.compact(), COMPACT_INTERVAL_MS);

  constructor(
    @InjectRepository(Schedule) private readonly schedules: Repository<Schedule>,
    metrics: ScheduledMetrics,
  ) {
    metrics.read('schedules.enabled.last', () => this.count({ enabled: true }, Scope.everything()));
    metrics.read('schedules.total.last', () => this.count({}, Scope.everything()));
  }

  /** Newest first, with the number of all that pass the filter. A page ends early where its payloads have 4 MiB. */
  page(filter: ScheduleFilter, scope: Scope, window: PageRequest): Promise<[Schedule[], number]> {
    return Promise.all([this.read(filter, scope, window), this.count(filter, scope)]);
  }

  async count(filter: ScheduleFilter, scope: Scope): Promise<number> {
    const names = Object.keys(filter);
    if (names.length === 0) return this.number(countAll, scope);
    if (names.length === 1 && filter.enabled === true) return this.number(countEnabled, scope);
    const candidates = filtered(this.schedules.createQueryBuilder('schedule'), filter).select('count(*)', 'count');
    const inScope = await this.rowsIn(scope, filter);
    const counts = inScope((owned) => candidates.andWhere(owned).getQuery());
    const sum = this.schedules.manager.createQueryBuilder().select('sum(owned.count)::int', 'count');
    const counted = sum
      .from(`(${counts})`, 'owned')
      .setParameters({ ...candidates.getParameters(), ...scope.parameters });
    return (await counted.getRawOne<{ count: number }>())?.count ?? 0;
  }

  onApplicationBootstrap(): void {
    this.compaction.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.compaction.stop();
  }

  // The page is cut from an index alone and filled afterwards: rows that are passed over are never read. With `take`
  // TypeORM would sort all schedules first.
  private async read(filter: ScheduleFilter, scope: Scope, { limit, offset }: PageRequest): Promise<Schedule[]> {
    const select = () => this.schedules.createQueryBuilder('schedule');
    const candidates = filtered(select().select(['schedule.id AS id', 'schedule.created_at AS created_at']), filter);
    const inScope = await this.rowsIn(scope, filter);
    const ofOwners = inScope((owned) =>
      newestFirst(candidates.andWhere(owned))
        .limit(offset + limit)
        .getQuery(),
    );
    const page = `(SELECT id, created_at FROM (${ofOwners}) newest ORDER BY created_at DESC, id DESC LIMIT :limit OFFSET :offset)`;
    return newestFirst(select())
      .innerJoinAndSelect('schedule.trigger', 'trigger')
      .innerJoin(withinBytes(page), 'page', 'page.id = schedule.id')
      .setParameters({ ...candidates.getParameters(), ...scope.parameters, limit, offset, maxBytes: MAX_PAGE_BYTES })
      .getMany();
  }

  // By owner is right where an index finds the rows. Where each has to be looked at, a scope that holds many of them is
  // better served by a scan of the table.
  private async rowsIn(scope: Scope, filter: ScheduleFilter): Promise<InScope> {
    const hasIndex = Object.keys(filter).every((name) => FILTERS_BY_OWNER.includes(name));
    const isByOwner = hasIndex || (await this.number(countAll, scope)) <= MAX_LOOKED_THROUGH;
    return (rowsOf) => (isByOwner ? scope.acrossOwners(OWNER, rowsOf) : rowsOf(scope.includes(OWNER)));
  }

  private async number(sql: (inScope: string) => string, scope: Scope): Promise<number> {
    const inScope = scope.includes('created_by', '$1');
    const [row] = await this.schedules.query<{ count: number }[]>(sql(inScope), scope.values);
    return row?.count ?? 0;
  }

  private async compact(): Promise<false> {
    await this.schedules.query(COMPACT_COUNTS);
    return false;
  }
}

/** Ids of a page up to the schedule whose payload makes it full. The size of a payload is told without reading it. */
function withinBytes(page: string): string {
  const bytes = `SELECT cut.id, cut.created_at, octet_length(s.payload) AS bytes FROM ${page} cut JOIN schedules s USING (id)`;
  const order = 'ORDER BY created_at DESC, id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING';
  return `(SELECT id FROM (SELECT id, sum(bytes) OVER (${order}) AS before FROM (${bytes}) sized) summed
            WHERE coalesce(before, 0) < :maxBytes)`;
}

function newestFirst(query: SelectQueryBuilder<Schedule>): SelectQueryBuilder<Schedule> {
  return query.orderBy('schedule.created_at', 'DESC').addOrderBy('schedule.id', 'DESC');
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
