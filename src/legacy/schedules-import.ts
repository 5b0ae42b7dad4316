import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AddressPolicy } from '../outbound/address-policy.js';
import { AUTH_TOKENS } from '../schedules/auth-tokens.js';
import { databaseNow } from '../schedules/database-now.js';
import { type SecretBox, SecretVault } from '../secrets/secret-vault.js';
import { GoneSchedules } from './gone-schedules.js';
import type { ImportOptions } from './import-options.js';
import type { ImportReport } from './import-report.js';
import type { LegacyDatabase, LegacySchedule } from './legacy-database.js';
import type { MappingContext, WantedSchedule } from './legacy-schedule.js';
import { hereKey, type ImportedPeople, userKey } from './people.js';
import { idsOf, readRow } from './row-reader.js';
import { changesOf, definitionText, reconciled, type ScheduleHere } from './schedule-comparison.js';
import { RECORD_SCHEDULES, RECORDED, REMOVED_HERE, SCHEDULES_HERE } from './schedules-import.queries.js';
import { noteDone, type Order, SchedulesWriter } from './schedules-writer.js';
import type { Owned } from './visibility.js';

const PAGE_SIZE = 500;

/** What one import of schedules has found so far. */
interface Run {
  people: ImportedPeople;
  report: ImportReport;
  options: ImportOptions;
  context: Omit<MappingContext, 'frequency'>;
  owned: Owned;
  /** ids of schedules that were imported and are not among those read */
  missing: Set<string>;
  /** ids of the second schedules of rows with two definitions */
  secondIds: Set<string>;
}

/** What is known here of a page's rows. */
interface Known {
  schedules: Map<string, ScheduleHere>;
  /** ids of those that were removed here */
  removed: Set<string>;
}

/** Brings schedules over, page by page, each page a transaction. */
@Injectable()
export class SchedulesImport {
  private readonly authTokens: SecretBox;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly writer: SchedulesWriter,
    private readonly gone: GoneSchedules,
    private readonly addresses: AddressPolicy,
    vault: SecretVault,
  ) {
    this.authTokens = vault.boxFor(AUTH_TOKENS);
  }

  /** @returns who owns how many of them here */
  async run(
    legacy: LegacyDatabase,
    people: ImportedPeople,
    report: ImportReport,
    options: ImportOptions,
  ): Promise<Owned> {
    // One instant for all, so that intervals without a next run share their triggers.
    const now = await databaseNow(this.dataSource.manager);
    const context = { users: people.users, heir: people.heir?.id, now, addresses: this.addresses };
    const run: Run = {
      ...{ people, report, options, context },
      ...{ owned: new Map(), missing: new Set(), secondIds: new Set() },
    };
    let done = 0;
    let last: string | null = null;
    for await (const page of legacy.schedules(PAGE_SIZE)) {
      await this.take(page, last, run);
      last = page.at(-1)?.id ?? last;
      done += page.length;
      options.onProgress?.(done, report.survey.schedules);
      if (options.signal?.aborted) return run.owned;
    }
    for (const id of await this.recorded({ after: last, until: null }, [], people.source)) run.missing.add(id);
    const gone = [...run.missing].filter((id) => !run.secondIds.has(id));
    await this.gone.settle(gone, people.source, report.differences.schedule, options);
    return run.owned;
  }

  /** @param previous the last id of the page before */
  private async take(page: LegacySchedule[], previous: string | null, run: Run): Promise<void> {
    const { people, report, options } = run;
    const difference = report.differences.schedule;
    const ids = page.flatMap(idsOf);
    const found = await this.dataSource.query<ScheduleHere[]>(SCHEDULES_HERE, [ids]);
    const schedules = new Map(found.map((schedule) => [schedule.id, schedule]));
    const recorded = await this.recorded({ after: previous, until: page.at(-1)?.id ?? null }, ids, people.source);
    const absent = ids.filter((id) => !schedules.has(id));
    const removed = await this.dataSource.query<{ id: string }[]>(REMOVED_HERE, [absent]);
    const removedIds = new Set([...removed.map(({ id }) => id), ...absent.filter((id) => recorded.has(id))]);
    const orders = this.compare(page, { schedules, removed: removedIds }, run);
    if (options.isApplying) {
      await this.writer.write(orders, people.source, difference);
      const unrecorded = found.filter(({ id }) => !recorded.has(id)).map(({ id }) => id);
      if (unrecorded.length > 0) await this.dataSource.query(RECORD_SCHEDULES, [people.source, unrecorded]);
    } else {
      for (const order of orders) noteDone(order, difference);
    }
    const there = new Set(page.map(({ id }) => id));
    for (const id of ids) if (!there.has(id)) run.secondIds.add(id);
    for (const id of recorded) if (!there.has(id)) run.missing.add(id);
  }

  /** Returns the ids of what was imported before: of a range, and of others. */
  private async recorded(
    { after, until }: { after: string | null; until: string | null },
    ids: string[],
    source: number,
  ): Promise<Set<string>> {
    const rows = await this.dataSource.query<{ id: string }[]>(RECORDED, [source, after, until, ids]);
    return new Set(rows.map(({ id }) => id));
  }

  /** @returns those that are to be written */
  private compare(page: LegacySchedule[], known: Known, run: Run): Order[] {
    const { options, report, context } = run;
    const { schedule: difference } = report.differences;
    return page.flatMap((row) => {
      const here = known.schedules.get(row.id);
      // What is here already was decided about before: without another decision it stays as it is.
      const before = here && (here.frequency === null ? 'drop' : 'keep');
      const rowContext = { ...context, frequency: options.frequency ?? before ?? null };
      let reading = readRow(row, options.isTakingProposals, rowContext);
      if ('refusal' in reading && here) {
        // A proposal that was taken before is found unchanged; a new one waits to be asked for.
        const proposed = readRow(row, true, rowContext);
        if ('wanted' in proposed && wasTaken(proposed.wanted, known)) reading = proposed;
      }
      if ('refusal' in reading) {
        difference.refused.push({ id: row.id, name: nameOf(row), note: reading.refusal });
        return [];
      }
      return reading.wanted.flatMap((wanted) => this.orderOf(row, wanted, known, run) ?? []);
    });
  }

  private orderOf(row: LegacySchedule, mapped: WantedSchedule, known: Known, run: Run): Order | null {
    const { options, report, owned } = run;
    const { schedule: difference } = report.differences;
    const here = known.schedules.get(mapped.id);
    const wanted = here ? reconciled(mapped, here) : mapped;
    const changes = here ? changesOf(wanted, here, this.tokenOf(here)) : undefined;
    const note = wanted.notes.length > 0 ? { note: wanted.notes.join('; ') } : {};
    const finding = { id: mapped.id, name: definitionText(wanted.definition), ...(changes && { changes }), ...note };
    if (!here && known.removed.has(mapped.id) && !options.isOverwriting) {
      difference.conflicts.push({ ...finding, note: 'was removed here' });
      return null;
    }
    const owner = ownerOf(row, wanted, run.people);
    owned.set(owner, (owned.get(owner) ?? 0) + 1);
    if (changes === null) {
      difference.unchanged++;
      return null;
    }
    if (here?.is_changed_here && !options.isOverwriting) {
      difference.conflicts.push({ ...finding, note: 'was changed here' });
      return null;
    }
    return { wanted, finding, ...(here && { here }) };
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

/** Whether schedules are here as a row would make them, or differ because somebody changed or removed them here. */
function wasTaken(wanted: WantedSchedule[], { schedules, removed }: Known): boolean {
  return wanted.every(({ id, definition: { kind, text }, frequency }) => {
    const here = schedules.get(id);
    if (!here) return removed.has(id);
    return here.is_changed_here || (here.kind === kind && here.text === text && here.frequency === frequency);
  });
}

/** The owner's key, also of one who is still to be added. */
function ownerOf({ created_by_id: oldId }: LegacySchedule, { createdBy }: WantedSchedule, people: ImportedPeople) {
  if (createdBy !== null) return hereKey(createdBy);
  if (oldId !== null && people.users.has(oldId)) return userKey(oldId, people.plan);
  return people.heir?.key ?? null;
}

function nameOf({ cron_definition, interval_definition }: LegacySchedule): string {
  return [cron_definition, interval_definition && `every ${interval_definition}`].filter(Boolean).join(', ') || '-';
}
