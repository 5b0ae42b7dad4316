import { Client } from 'pg';
import {
  BEGIN_SNAPSHOT,
  COLUMNS_OF,
  countAll,
  COUNTED_TABLES,
  countSchedules,
  GROUPS,
  LEGACY_TABLES,
  type LegacyTable,
  MEMBERSHIPS,
  SCHEDULES,
  selectAll,
  SETTLE_SESSION,
  someScheduleIds,
  TOKENS,
  USERS,
} from './legacy.queries.js';

const CONNECT_TIMEOUT_MS = 5_000;

export interface LegacyGroup {
  id: number;
  name: string;
}

/** Flags and instants are null where the column is not there. Instants are PostgreSQL's text of them. */
export interface LegacyUser {
  id: number;
  username: string;
  email: string | null;
  is_superuser: boolean | null;
  is_staff: boolean | null;
  is_active: boolean | null;
  date_joined: string | null;
}

export interface LegacyMembership {
  user_id: number;
  group_id: number;
}

export interface LegacyToken {
  key: string;
  user_id: number;
  created: string | null;
}

export interface LegacySchedule {
  id: string;
  endpoint: string | null;
  frequency: string | null;
  cron_definition: string | null;
  interval_definition: string | null;
  payload: string | null;
  auth_token: string | null;
  next_send_at: Date | null;
  triggered: string | null;
  enabled: boolean | null;
  last_run: Date | null;
  created_at: string | null;
  updated_at: string | null;
  created_by_id: number | null;
  updated_by_id: number | null;
}

/** What there is, counted. */
export interface Survey {
  schedules: number;
  /** enabled ones with a `frequency` */
  withFrequency: number;
  /** null: no such table, or no right to read it */
  failedTasks: number | null;
  webhooks: number | null;
}

/** The replaced service's database does not let us in; ours has a message of its own. */
export class LegacyUnreachableError extends Error {
  constructor(cause: unknown) {
    super("the replaced service's database cannot be read", { cause });
  }
}

/** The database is not one of the replaced service, or not all of it. */
export class LegacySchemaError extends Error {}

/** The replaced service's database, as it was at one instant. Nothing can be written through this. */
export class LegacyDatabase {
  private constructor(
    private readonly client: Client,
    private readonly schema: string | null,
    private readonly columns: Map<string, Set<string>>,
  ) {}

  /**
   * @param schema where the tables are; null for the first one of the connection's search path
   * @throws LegacyUnreachableError
   * @throws LegacySchemaError that names every table and column that is missing
   */
  static async read<T>(url: string, schema: string | null, use: (legacy: LegacyDatabase) => Promise<T>): Promise<T> {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'seed-scheduler import',
    });
    let onLoss: (error: Error) => void = () => undefined;
    const lost = new Promise<never>((_, reject) => (onLoss = reject));
    lost.catch(() => undefined);
    client.on('error', onLoss);
    await client.connect().catch((cause: unknown) => {
      throw new LegacyUnreachableError(cause);
    });
    try {
      await client.query(BEGIN_SNAPSHOT);
      await client.query(SETTLE_SESSION);
      const legacy = new LegacyDatabase(client, schema, await columnsOf(client, schema));
      return await Promise.race([use(legacy), lost]);
    } finally {
      await client.end();
    }
  }

  groups(): Promise<LegacyGroup[]> {
    return this.all<LegacyGroup>(GROUPS);
  }

  users(): Promise<LegacyUser[]> {
    return this.all<LegacyUser>(USERS);
  }

  memberships(): Promise<LegacyMembership[]> {
    return this.all<LegacyMembership>(MEMBERSHIPS);
  }

  tokens(): Promise<LegacyToken[]> {
    return this.all<LegacyToken>(TOKENS);
  }

  async survey(): Promise<Survey> {
    const columns = this.columns.get(SCHEDULES.name) ?? new Set();
    const { rows } = await this.client.query<Pick<Survey, 'schedules' | 'withFrequency'>>(
      countSchedules(columns, this.schema),
    );
    const failedTasks = await this.countOf(COUNTED_TABLES.failedTasks);
    const webhooks = await this.countOf(COUNTED_TABLES.webhooks);
    return { ...rows[0], failedTasks, webhooks };
  }

  async someScheduleIds(): Promise<string[]> {
    const { rows } = await this.client.query<{ id: string }>(someScheduleIds(this.schema));
    return rows.map(({ id }) => id);
  }

  /** By id, a page at a time: there may be more than memory has room for. */
  async *schedules(pageSize: number): AsyncGenerator<LegacySchedule[]> {
    await this.client.query(`DECLARE schedules NO SCROLL CURSOR FOR ${this.select(SCHEDULES)}`);
    for (;;) {
      const { rows } = await this.client.query<LegacySchedule>(`FETCH ${pageSize} FROM schedules`);
      if (rows.length > 0) yield rows;
      if (rows.length < pageSize) break;
    }
    await this.client.query('CLOSE schedules');
  }

  private async countOf(table: string): Promise<number | null> {
    if (!this.columns.has(table)) return null;
    const { rows } = await this.client.query<{ count: number }>(countAll(table, this.schema));
    return rows[0]?.count ?? 0;
  }

  private async all<T extends object>(table: LegacyTable): Promise<T[]> {
    return (await this.client.query<T>(this.select(table))).rows;
  }

  private select(table: LegacyTable): string {
    return selectAll(table, this.columns.get(table.name) ?? new Set(), this.schema);
  }
}

async function columnsOf(client: Client, schema: string | null): Promise<Map<string, Set<string>>> {
  const names = [...LEGACY_TABLES.map(({ name }) => name), ...Object.values(COUNTED_TABLES)];
  const { rows } = await client.query<{ table_name: string; column_name: string }>(COLUMNS_OF, [schema, names]);
  const columns = new Map<string, Set<string>>();
  for (const { table_name: table, column_name: column } of rows) {
    columns.set(table, (columns.get(table) ?? new Set()).add(column));
  }
  const missing = LEGACY_TABLES.flatMap(({ name, required }) => {
    const there = columns.get(name);
    if (!there) return [`table ${name}`];
    return Object.keys(required).flatMap((column) => (there.has(column) ? [] : [`column ${name}.${column}`]));
  });
  if (missing.length > 0) {
    const where = schema === null ? 'the first schema of the search path' : `schema ${schema}`;
    throw new LegacySchemaError(
      `the replaced service's tables are not all there: ${where} lacks ${missing.join(', ')}`,
    );
  }
  return columns;
}
