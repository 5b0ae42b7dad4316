import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, QueryFailedError } from 'typeorm';
import { OriginsService } from '../deliveries/origins.service.js';
import { InvalidInputError } from '../http/domain-error.js';
import { AddressPolicy } from '../outbound/address-policy.js';
import { AUTH_TOKENS } from '../schedules/auth-tokens.js';
import { databaseNow } from '../schedules/database-now.js';
import { nextTick } from '../schedules/definitions/definition.js';
import { definitionRow } from '../schedules/trigger.entity.js';
import { TriggersService } from '../schedules/triggers.service.js';
import { type SecretBox, SecretVault } from '../secrets/secret-vault.js';
import type { Difference, Finding } from './difference.js';
import type { ImportOptions } from './import-options.js';
import type { LegacyDatabase, LegacySchedule } from './legacy-database.js';
import { type MappingContext, type WantedSchedule, wantedSchedule } from './legacy-schedule.js';
import type { UserIds } from './people-import.js';
import { changesOf, definitionText, reconciled, type ScheduleHere } from './schedule-comparison.js';
import { ADD_SCHEDULES, CHANGE_SCHEDULES, REMOVED_HERE, SCHEDULES_HERE } from './schedules-import.queries.js';

const PAGE_SIZE = 500;
/** A trigger that goes between being made and being used is made again. */
const MAX_ROUNDS = 3;

/** One schedule to be written. */
interface Order {
  wanted: WantedSchedule;
  finding: Finding;
  /** absent for one that is added */
  here?: ScheduleHere;
}

/** Brings schedules over, page by page, each page a transaction. */
@Injectable()
export class SchedulesImport {
  private readonly authTokens: SecretBox;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly triggers: TriggersService,
    private readonly origins: OriginsService,
    private readonly addresses: AddressPolicy,
    vault: SecretVault,
  ) {
    this.authTokens = vault.boxFor(AUTH_TOKENS);
  }

  async run(legacy: LegacyDatabase, users: UserIds, difference: Difference, options: ImportOptions): Promise<void> {
    const total = await legacy.scheduleCount();
    // One instant for all, so that intervals without a next run share their triggers.
    const now = await databaseNow(this.dataSource.manager);
    const context = { users, now, addresses: this.addresses };
    let done = 0;
    for await (const page of legacy.schedules(PAGE_SIZE)) {
      const orders = await this.compare(page, context, difference, options);
      if (options.isApplying) await this.writeAll(orders, difference);
      else for (const order of orders) noteDone(order, difference);
      done += page.length;
      options.onProgress?.(done, total);
      if (options.signal?.aborted) return;
    }
  }

  /** @returns those that are to be written */
  private async compare(
    page: LegacySchedule[],
    context: MappingContext,
    difference: Difference,
    { isOverwriting }: ImportOptions,
  ): Promise<Order[]> {
    const ids = page.map(({ id }) => id);
    const found = await this.dataSource.query<ScheduleHere[]>(SCHEDULES_HERE, [ids]);
    const removed = await this.dataSource.query<{ id: string }[]>(REMOVED_HERE, [ids]);
    const here = new Map(found.map((schedule) => [schedule.id, schedule]));
    const removedIds = new Set(removed.map(({ id }) => id));
    return page.flatMap((row) => {
      const order = this.orderOf(row, here.get(row.id), context, difference);
      if (!order) return [];
      const conflict = order.here?.is_changed_here ? 'was changed here' : removedIds.has(row.id) && 'was removed here';
      if (!conflict || isOverwriting) return [order];
      difference.conflicts.push({ ...order.finding, note: conflict });
      return [];
    });
  }

  private orderOf(
    row: LegacySchedule,
    here: ScheduleHere | undefined,
    context: MappingContext,
    difference: Difference,
  ): Order | null {
    try {
      const mapped = wantedSchedule(row, context);
      const wanted = here ? reconciled(mapped, here) : mapped;
      const changes = here ? changesOf(wanted, here, this.tokenOf(here)) : undefined;
      if (changes === null) {
        difference.unchanged++;
        return null;
      }
      const note = wanted.notes.length > 0 ? { note: wanted.notes.join('; ') } : {};
      const finding = { id: row.id, name: definitionText(wanted.definition), ...(changes && { changes }), ...note };
      return { wanted, finding, ...(here && { here }) };
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      difference.refused.push({ id: row.id, name: nameOf(row), note: faultsIn(error) });
      return null;
    }
  }

  private async writeAll(orders: Order[], difference: Difference): Promise<void> {
    const added = orders.filter(({ here }) => !here);
    const changed = orders.filter(({ here }) => here);
    await this.write(ADD_SCHEDULES, added, difference);
    await this.write(CHANGE_SCHEDULES, changed, difference);
    await this.triggers.retireUnused(changed.flatMap(({ here }) => (here ? [here.trigger_id] : [])));
  }

  /** One by one when the database refuses any: a row that it does not take stops no other. */
  private async write(statement: string, orders: Order[], difference: Difference): Promise<void> {
    let left = orders;
    try {
      for (let round = 0; left.length > 0 && round < MAX_ROUNDS; round++) {
        const written = await this.writeOnce(statement, left);
        for (const order of left) if (written.has(order.wanted.id)) noteDone(order, difference);
        left = left.filter(({ wanted }) => !written.has(wanted.id));
      }
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (left.length === 1) difference.refused.push({ ...left[0].finding, note: error.message });
      else for (const order of left) await this.write(statement, [order], difference);
      return;
    }
    for (const { finding } of left) difference.conflicts.push({ ...finding, note: 'was changed here meanwhile' });
  }

  /** @returns ids of what was written */
  private async writeOnce(statement: string, orders: Order[]): Promise<Set<string>> {
    const originIds: number[] = [];
    for (const { wanted } of orders) originIds.push(await this.origins.idOf(wanted.endpoint));
    return this.dataSource.transaction(async (manager) => {
      const now = await databaseNow(manager);
      const firstTicks = orders.map(({ wanted }) => (wanted.enabled ? nextTick(wanted.definition, now) : null));
      const needed = orders.map(({ wanted }, i) => ({ ...wanted, firstTick: firstTicks[i] ?? null }));
      await this.triggers.prepare(needed, manager);
      const columns = [...this.columnsOf(orders, originIds), firstTicks.map((tick) => tick !== null)];
      const result = await manager.query<unknown[]>(statement, [
        ...columns,
        orders.map(({ here }) => here?.updated_at),
      ]);
      return new Set(rowsOf(result).map(({ id }) => id));
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

  private tokenOf({ id, auth_token }: ScheduleHere): string | null | undefined {
    if (auth_token === null) return null;
    try {
      return this.authTokens.open(auth_token, id);
    } catch {
      return undefined;
    }
  }
}

function noteDone({ finding, here }: Order, difference: Difference): void {
  (here ? difference.changed : difference.added).push(finding);
}

function nameOf({ cron_definition, interval_definition }: LegacySchedule): string {
  return [cron_definition, interval_definition && `every ${interval_definition}`].filter(Boolean).join(', ') || '-';
}

function faultsIn({ fields }: InvalidInputError): string {
  return Object.entries(fields)
    .map(([field, messages]) => (field === 'non_field_errors' ? '' : `${field}: `) + messages.join(' '))
    .join('; ');
}

/** Whether the database does not take this as it is: SQLSTATE classes 22 (data) and 23 (integrity). */
function isRefused(error: unknown): error is QueryFailedError {
  const code = error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
  return /^2[23]/.test(code ?? '');
}

/** TypeORM answers with rows to some statements, and with rows and their number to others. */
function rowsOf(result: unknown[]): { id: string }[] {
  return (Array.isArray(result[0]) ? result[0] : result) as { id: string }[];
}
