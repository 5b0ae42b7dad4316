import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { InvalidInputError } from '../http/domain-error.js';
import { AddressPolicy } from '../outbound/address-policy.js';
import { AUTH_TOKENS } from '../schedules/auth-tokens.js';
import { databaseNow } from '../schedules/database-now.js';
import { type SecretBox, SecretVault } from '../secrets/secret-vault.js';
import type { Difference } from './difference.js';
import type { ImportOptions } from './import-options.js';
import type { LegacyDatabase, LegacySchedule } from './legacy-database.js';
import { type MappingContext, wantedSchedule } from './legacy-schedule.js';
import type { UserIds } from './people-import.js';
import { changesOf, definitionText, reconciled, type ScheduleHere } from './schedule-comparison.js';
import { REMOVED_HERE, SCHEDULES_HERE } from './schedules-import.queries.js';
import { noteDone, type Order, SchedulesWriter } from './schedules-writer.js';

const PAGE_SIZE = 500;

/** Brings schedules over, page by page, each page a transaction. */
@Injectable()
export class SchedulesImport {
  private readonly authTokens: SecretBox;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly writer: SchedulesWriter,
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
      if (options.isApplying) await this.writer.write(orders, difference);
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

  private tokenOf({ id, auth_token }: ScheduleHere): string | null | undefined {
    if (auth_token === null) return null;
    try {
      return this.authTokens.open(auth_token, id);
    } catch {
      return undefined;
    }
  }
}

function nameOf({ cron_definition, interval_definition }: LegacySchedule): string {
  return [cron_definition, interval_definition && `every ${interval_definition}`].filter(Boolean).join(', ') || '-';
}

function faultsIn({ fields }: InvalidInputError): string {
  return Object.entries(fields)
    .map(([field, messages]) => (field === 'non_field_errors' ? '' : `${field}: `) + messages.join(' '))
    .join('; ');
}
