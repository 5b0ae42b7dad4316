import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, QueryFailedError } from 'typeorm';
import { OriginsService } from '../deliveries/origins.service.js';
import { AUTH_TOKENS } from '../schedules/auth-tokens.js';
import { databaseNow } from '../schedules/database-now.js';
import { nextTick } from '../schedules/definitions/definition.js';
import { definitionRow } from '../schedules/trigger.entity.js';
import { TriggersService } from '../schedules/triggers.service.js';
import { type SecretBox, SecretVault } from '../secrets/secret-vault.js';
import type { Difference, Finding } from './difference.js';
import type { WantedSchedule } from './legacy-schedule.js';
import type { ScheduleHere } from './schedule-comparison.js';
import { ADD_SCHEDULES, CHANGE_SCHEDULES } from './schedules-import.queries.js';

/** A trigger that goes between being made and being used is made again. */
const MAX_ROUNDS = 3;

/** One schedule to be written. */
export interface Order {
  wanted: WantedSchedule;
  finding: Finding;
  /** absent for one that is added */
  here?: ScheduleHere;
}

/** Writes schedules as an import wants them: those that are added in one statement, those that change in another. */
@Injectable()
export class SchedulesWriter {
  private readonly authTokens: SecretBox;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly triggers: TriggersService,
    private readonly origins: OriginsService,
    vault: SecretVault,
  ) {
    this.authTokens = vault.boxFor(AUTH_TOKENS);
  }

  /** Says in `difference` what was done of them, and what was not. */
  async write(orders: Order[], source: number, difference: Difference): Promise<void> {
    const added = orders.filter(({ here }) => !here);
    const changed = orders.filter(({ here }) => here);
    await this.writeSome(ADD_SCHEDULES, added, { source, difference });
    await this.writeSome(CHANGE_SCHEDULES, changed, { source, difference });
    await this.triggers.retireUnused(changed.flatMap(({ here }) => (here ? [here.trigger_id] : [])));
  }

  /** One by one when the database refuses any: a row that it does not take stops no other. */
  private async writeSome(
    statement: string,
    orders: Order[],
    { source, difference }: { source: number; difference: Difference },
  ): Promise<void> {
    let left = orders;
    try {
      for (let round = 0; left.length > 0 && round < MAX_ROUNDS; round++) {
        const written = await this.writeOnce(statement, left, source);
        for (const order of left) if (written.has(order.wanted.id)) noteDone(order, difference);
        left = left.filter(({ wanted }) => !written.has(wanted.id));
      }
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (left.length === 1) difference.refused.push({ ...left[0].finding, note: error.message });
      else for (const order of left) await this.writeSome(statement, [order], { source, difference });
      return;
    }
    for (const { finding } of left) difference.conflicts.push({ ...finding, note: 'was changed here meanwhile' });
  }

  /** @returns ids of what was written */
  private async writeOnce(statement: string, orders: Order[], source: number): Promise<Set<string>> {
    const originIds: number[] = [];
    for (const { wanted } of orders) originIds.push(await this.origins.idOf(wanted.endpoint));
    return this.dataSource.transaction(async (manager) => {
      const now = await databaseNow(manager);
      const firstTicks = orders.map(({ wanted }) => (wanted.enabled ? nextTick(wanted.definition, now) : null));
      const needed = orders.map(({ wanted }, i) => ({ ...wanted, firstTick: firstTicks[i] ?? null }));
      await this.triggers.prepare(needed, manager);
      const columns = [...this.columnsOf(orders, originIds), firstTicks.map((tick) => tick !== null)];
      const written = await manager.query<{ id: string }[]>(statement, [
        ...columns,
        orders.map(({ here }) => here?.updated_at),
        orders.map(({ wanted }) => wanted.lastRun),
        source,
      ]);
      return new Set(written.map(({ id }) => id));
    });
  }

  private columnsOf(orders: Order[], originIds: number[]): unknown[][] {
    const schedules = orders.map(({ wanted }) => wanted);
    const triggers = schedules.map(({ definition }) => definitionRow(definition));
    return [
      schedules.map(({ id }) => id),
      triggers.map(({ kind }) => kind),
      triggers.map(({ text }) => text),
      triggers.map(({ time_zone }) => time_zone),
      triggers.map(({ phase }) => phase),
      schedules.map(({ frequency }) => frequency),
      schedules.map(({ endpoint }) => endpoint),
      originIds,
      schedules.map(({ payload }) => payload),
      schedules.map(({ id, authToken }) => (authToken === null ? null : this.authTokens.seal(authToken, id))),
      schedules.map(({ enabled }) => enabled),
      schedules.map(({ triggered }) => triggered),
      schedules.map(({ createdBy }) => createdBy),
      schedules.map(({ updatedBy }) => updatedBy),
      schedules.map(({ createdAt }) => createdAt),
      schedules.map(({ updatedAt }) => updatedAt),
    ];
  }
}

/** Counts what is done of an order, or would be. */
export function noteDone({ finding, here }: Order, difference: Difference): void {
  (here ? difference.changed : difference.added).push(finding);
}

/** Whether the database does not take this as it is: SQLSTATE classes 22 (data) and 23 (integrity). */
function isRefused(error: unknown): error is QueryFailedError {
  const code = error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
  return /^2[23]/.test(code ?? '');
}
