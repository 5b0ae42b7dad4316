import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { REPLICA } from '../config/replica.js';
import { CallBatcher, type Settled } from '../database/call-batcher.js';
import type { AuditAction } from '../http/audited.decorator.js';
import { DomainError } from '../http/domain-error.js';
import type { PageRequest } from '../http/paging.js';
import type { AuditFilter } from './audit-filter.js';
import type { AuditRecord } from './audit-record.entity.js';
import { COUNT_RECORDS, MAX_COUNT, PAGE_OF_RECORDS, RECORD } from './audit.queries.js';

const MAX_BATCH = 500;
const BATCHES_AT_ONCE = 2;
const MAX_TEXT = 256;

/** Something that was done, or tried. */
export interface AuditEntry {
  /** a user, or the command line, or the service itself */
  actor: { kind: 'user'; id: number; email: string } | { kind: 'cli' | 'system' };
  action: AuditAction;
  target: { kind: string; id?: string | number | null };
  /** names of fields that were given; never their values */
  fields?: readonly string[];
  /** default: done */
  outcome?: AuditRecord['outcome'];
  /** the client's address; host and process id when absent */
  source?: string;
  requestId?: string;
}

/** The change was made; its record was not. */
export class UnrecordedChangeError extends DomainError {
  readonly code = 'unrecorded';

  constructor() {
    super('The change was made, but it could not be written to the audit log.');
  }
}

/** Who did what, when and from where: appended, many at once where many come at once, and read by admins. */
@Injectable()
export class AuditLog {
  private readonly logger = new Logger(AuditLog.name);
  private readonly batcher = new CallBatcher<AuditEntry, void>(MAX_BATCH, BATCHES_AT_ONCE, (batch) =>
    this.append(batch),
  );

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Resolves when the entry is in the log for good. One that cannot be written is logged as a whole, as an error.
   *
   * @throws UnrecordedChangeError
   */
  async record(entry: AuditEntry): Promise<void> {
    try {
      await this.batcher.call(entry);
    } catch (error) {
      this.logger.error(`not in the audit log: ${JSON.stringify(entry)}: ${(error as Error).message}`);
      throw new UnrecordedChangeError();
    }
  }

  /** Newest first, with the number of all, 100,000 at most; those after it are reached by a filter. */
  async page(filter: AuditFilter, { limit, offset }: PageRequest): Promise<[AuditRow[], number]> {
    const { actorId, actorKind, action, targetKind, targetId, since, until } = filter;
    const parameters = [actorId, actorKind, action, targetKind, targetId, since, until].map((value) => value ?? null);
    const size = Math.max(0, Math.min(limit, MAX_COUNT - offset));
    const [rows, [counted]] = await Promise.all([
      size > 0 ? this.dataSource.query<AuditRow[]>(PAGE_OF_RECORDS, [...parameters, size, offset]) : [],
      this.dataSource.query<{ count: number }[]>(COUNT_RECORDS, parameters),
    ]);
    return [rows, counted?.count ?? 0];
  }

  /** Again at once when it fails: the connection may have been the last thing a failover left of the old server. */
  private async append(entries: AuditEntry[]): Promise<Settled<void>[]> {
    const columns = columnsOf(entries);
    await this.dataSource.query(RECORD, columns).catch(() => this.dataSource.query(RECORD, columns));
    return entries.map(() => ({ value: undefined }));
  }
}

/** A record as SQL returns it. */
export interface AuditRow {
  id: string;
  at: Date;
  actor_kind: AuditRecord['actorKind'];
  actor_id: number | null;
  actor_email: string | null;
  action: AuditAction;
  outcome: AuditRecord['outcome'];
  target_kind: string;
  target_id: string | null;
  fields: string[];
  source: string;
  request_id: string | null;
}

function columnsOf(entries: AuditEntry[]): unknown[][] {
  const users = entries.map(({ actor }) => (actor.kind === 'user' ? actor : null));
  return [
    entries.map(({ actor }) => actor.kind),
    users.map((user) => user?.id ?? null),
    users.map((user) => storable(user?.email)),
    entries.map(({ action }) => action),
    entries.map(({ outcome }) => outcome ?? 'done'),
    entries.map(({ target }) => target.kind),
    entries.map(({ target }) => storable(target.id)),
    entries.map(({ fields }) => (fields ?? []).join(',')),
    entries.map(({ source }) => storable(source) ?? REPLICA),
    entries.map(({ requestId }) => storable(requestId)),
  ];
}

/** What PostgreSQL takes as text whatever it is: one bad entry would fail those that are written with it. */
function storable(text: string | number | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  return String(text).replaceAll('\0', '').slice(0, MAX_TEXT).toWellFormed();
}
