import { createDatabase, type TestDatabase } from './database.js';

// The tables as the replaced service's migrations leave them on PostgreSQL: those that an import reads, and those that
// they refer to.
const TABLES = `
  CREATE TABLE auth_group (id serial PRIMARY KEY, name varchar(80) NOT NULL UNIQUE);
  CREATE TABLE auth_user (
    id serial PRIMARY KEY,
    password varchar(128) NOT NULL,
    last_login timestamptz,
    is_superuser boolean NOT NULL,
    username varchar(150) NOT NULL UNIQUE,
    first_name varchar(30) NOT NULL,
    last_name varchar(30) NOT NULL,
    email varchar(254) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamptz NOT NULL
  );
  CREATE TABLE auth_user_groups (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES auth_user DEFERRABLE INITIALLY DEFERRED,
    group_id integer NOT NULL REFERENCES auth_group DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (user_id, group_id)
  );
  CREATE TABLE authtoken_token (
    key varchar(40) PRIMARY KEY,
    created timestamptz NOT NULL,
    user_id integer NOT NULL UNIQUE REFERENCES auth_user DEFERRABLE INITIALLY DEFERRED
  );
  CREATE TABLE djcelery_crontabschedule (
    id serial PRIMARY KEY,
    minute varchar(64) NOT NULL,
    hour varchar(64) NOT NULL,
    day_of_week varchar(64) NOT NULL,
    day_of_month varchar(64) NOT NULL,
    month_of_year varchar(64) NOT NULL
  );
  CREATE TABLE djcelery_intervalschedule (id serial PRIMARY KEY, every integer NOT NULL, period varchar(24) NOT NULL);
  CREATE TABLE scheduler_schedule (
    id uuid PRIMARY KEY,
    frequency integer,
    triggered integer NOT NULL,
    cron_definition varchar(500),
    interval_definition varchar(100),
    endpoint varchar(500) NOT NULL,
    auth_token varchar(500),
    payload jsonb,
    next_send_at timestamptz,
    enabled boolean NOT NULL,
    last_run timestamptz,
    updated_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    celery_cron_definition_id integer REFERENCES djcelery_crontabschedule DEFERRABLE INITIALLY DEFERRED,
    celery_interval_definition_id integer REFERENCES djcelery_intervalschedule DEFERRABLE INITIALLY DEFERRED,
    created_by_id integer REFERENCES auth_user DEFERRABLE INITIALLY DEFERRED,
    updated_by_id integer REFERENCES auth_user DEFERRABLE INITIALLY DEFERRED
  );
  CREATE TABLE scheduler_schedulefailure (
    id serial PRIMARY KEY,
    schedule_id uuid NOT NULL REFERENCES scheduler_schedule DEFERRABLE INITIALLY DEFERRED,
    task_id uuid NOT NULL,
    initiated_at timestamptz NOT NULL,
    reason text NOT NULL
  );
  CREATE TABLE rest_hooks_hook (
    id serial PRIMARY KEY,
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    event varchar(64) NOT NULL,
    target varchar(255) NOT NULL,
    user_id integer NOT NULL REFERENCES auth_user DEFERRABLE INITIALLY DEFERRED
  );
`;

// Only what a test does not say.
const USER = `
  INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
  SELECT coalesce(id, nextval('auth_user_id_seq')), '!', coalesce(is_superuser, false), username, '', '',
         coalesce(email, ''), coalesce(is_staff, false), coalesce(is_active, true),
         coalesce(date_joined, '2016-03-04 07:42:11.123456+00')
    FROM jsonb_populate_record(NULL::auth_user, $1) RETURNING id`;

const SCHEDULE = `
  INSERT INTO scheduler_schedule (id, frequency, triggered, cron_definition, interval_definition, endpoint, auth_token,
                                  payload, next_send_at, enabled, last_run, updated_at, created_at, created_by_id,
                                  updated_by_id)
  SELECT coalesce(id, gen_random_uuid()), frequency, coalesce(triggered, 0), cron_definition, interval_definition,
         coalesce(endpoint, 'http://127.0.0.1:9/unused'), auth_token, coalesce(payload, '{}'), next_send_at,
         coalesce(enabled, true), last_run, coalesce(updated_at, '2017-05-06 10:00:00.654321+00'),
         coalesce(created_at, '2017-05-06 09:00:00.123456+00'), created_by_id, updated_by_id
    FROM jsonb_populate_record(NULL::scheduler_schedule, $1) RETURNING id`;

/** The replaced service's database. Rows are made of the columns that matter. */
export interface LegacyService extends AsyncDisposable {
  url: string;
  query: TestDatabase['query'];
  hasUser(columns: { username: string } & Record<string, unknown>): Promise<number>;
  hasGroup(name: string, userIds?: number[]): Promise<number>;
  hasToken(key: string, userId: number, created?: string): Promise<void>;
  hasSchedule(columns: Record<string, unknown>): Promise<string>;
}

export async function startLegacyService(): Promise<LegacyService> {
  const database = await createDatabase();
  await database.query(TABLES);
  const made = async <T>(sql: string, ...values: unknown[]) => {
    const [row] = await database.query<{ id: T }>(sql, values);
    return row.id;
  };
  return {
    url: database.url,
    query: (text, values) => database.query(text, values),
    hasUser: (columns) => made<number>(USER, columns),
    async hasGroup(name, userIds = []) {
      const id = await made<number>('INSERT INTO auth_group (name) VALUES ($1) RETURNING id', name);
      const members = 'INSERT INTO auth_user_groups (user_id, group_id) SELECT unnest($1::int[]), $2';
      await database.query(members, [userIds, id]);
      return id;
    },
    async hasToken(key, userId, created = '2018-01-02 03:04:05.678901+00') {
      await database.query('INSERT INTO authtoken_token VALUES ($1, $2, $3)', [key, created, userId]);
    },
    hasSchedule: (columns) => made<string>(SCHEDULE, columns),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
