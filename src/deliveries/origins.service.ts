import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, type FindOptionsWhere, IsNull, LessThan, MoreThan, Not } from 'typeorm';
import type { PageRequest } from '../http/paging.js';
import { Origin } from './origin.entity.js';
import { FIND_ORIGIN, INSERT_ORIGIN } from './origins.queries.js';

const MAX_KNOWN_IDS = 10_000;
// As leasing decides.
const OPEN: FindOptionsWhere<Origin> = { openedAt: Not(IsNull()), failuresInRow: MoreThan(0) };
const CLOSED: FindOptionsWhere<Origin>[] = [{ openedAt: IsNull() }, { failuresInRow: LessThan(1) }];

/** The origins that deliveries go to. */
@Injectable()
export class OriginsService {
  private readonly knownIds = new Map<string, number>();

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * The id of an endpoint's origin, which is made when it is new. Not part of a transaction: it may be without schedules.
   *
   * @param endpoint an absolute URL
   */
  async idOf(endpoint: string): Promise<number> {
    const { origin } = new URL(endpoint);
    const known = this.knownIds.get(origin);
    if (known !== undefined) return known;
    const id = await this.findOrMake(origin);
    if (this.knownIds.size >= MAX_KNOWN_IDS) this.knownIds.clear();
    this.knownIds.set(origin, id);
    return id;
  }

  /** By name; with the number of all. @param isOpen only those whose breaker is open, or closed; undefined for all */
  list(isOpen: boolean | undefined, { limit, offset }: PageRequest): Promise<[Origin[], number]> {
    return this.dataSource.getRepository(Origin).findAndCount({
      where: isOpen === undefined ? {} : isOpen ? OPEN : CLOSED,
      order: { origin: 'ASC' },
      take: limit,
      skip: offset,
    });
  }

  private async findOrMake(origin: string): Promise<number> {
    for (;;) {
      const [found] = await this.dataSource.query<{ id: number }[]>(FIND_ORIGIN, [origin]);
      const [row] = found ? [found] : await this.dataSource.query<{ id: number }[]>(INSERT_ORIGIN, [origin]);
      if (row) return row.id;
    }
  }
}
