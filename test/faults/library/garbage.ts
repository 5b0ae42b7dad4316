import type { Postgres } from './postgres.js';

/** A column of a table, as the catalog has it. */
export interface Column {
  table: string;
  name: string;
  /** pg_type.typname */
  type: string;
  isNullable: boolean;
}

/** SQL of values that a type allows and that no program would store; those that did most harm come first. */
const VALUES: Record<string, string[]> = {
  text: [
    `'not a url'`,
    `''`,
    `'http://['`,
    `E'\\u0001\\u001b[2J\\r\\nX-Evil: yes\\u007f\\u2028'`,
    `repeat('x', 1000000)`,
    `'ftp://127.0.0.1/'`,
    `'{'`,
    `'cron'`,
    `U&'\\+01F4A5 \\00FF'`,
    `'999999999999999999999 seconds'`,
  ],
  int4: ['2147483647', '-2147483648', '0', '-1'],
  int8: ['9223372036854775807', '-9223372036854775808', '2147483648', '0', '-1'],
  bool: ['true', 'false'],
  timestamptz: [
    `'infinity'`,
    `'-infinity'`,
    `'294276-12-31 23:59:59.999999+00'`,
    `'1000-01-01 00:00:00+00'`,
    `date_trunc('second', now()) + interval '123456 microseconds'`,
    `'4714-11-24 00:00:00+00 BC'`,
    `'9999-12-31 23:59:59+00'`,
    `'1970-01-01 00:00:00+00'`,
  ],
  _timestamptz: [
    `'{infinity}'`,
    `'{NULL}'`,
    `'{-infinity,294276-12-31 23:59:59+00}'`,
    `'{{2026-01-01 00:00:00+00,2026-01-02 00:00:00+00},{infinity,NULL}}'`,
    `(SELECT array_agg(now() + i * interval '1 second') FROM generate_series(1, 100000) i)`,
    `'{}'`,
    `'[7:8]={2027-01-01 00:00:00+00,2026-01-01 00:00:00+00}'`,
  ],
  uuid: [
    `'00000000-0000-0000-0000-000000000000'`,
    `'ffffffff-ffff-ffff-ffff-ffffffffffff'`,
    `'01234567-89ab-1cde-8f01-23456789abcd'`,
  ],
  bytea: [
    `''`,
    `'\\x00'`,
    `decode(md5('garbage') || md5('more'), 'hex')`,
    `decode(md5('garbage') || md5('more') || md5('much'), 'hex')`,
    `decode(repeat('ff', 100000), 'hex')`,
  ],
  jsonb: [
    `'null'`,
    `'[]'`,
    `'""'`,
    `to_jsonb(repeat('x', 1000000))`,
    `(repeat('[', 5000) || repeat(']', 5000))::jsonb`,
  ],
};

const COLUMNS = `
  SELECT c.table_name AS table, c.column_name AS name, c.udt_name AS type, c.is_nullable = 'YES' AS "isNullable"
    FROM information_schema.columns c
   WHERE c.table_schema = current_schema() AND c.table_name = $1
   ORDER BY c.ordinal_position`;

/** All columns of a table that is there now: one that a later release adds is among them. */
export async function columnsOf(postgres: Postgres, table: string): Promise<Column[]> {
  const columns = await postgres.query<Column>(COLUMNS, [table]);
  if (columns.length === 0) throw new Error(`there is no table ${table}`);
  return columns;
}

/**
 * SQL of garbage for a column: the first few values of its type, and NULL where it is allowed.
 *
 * @throws Error for a type that has none here: add some
 */
export function garbageFor({ table, name, type, isNullable }: Column, most: number): string[] {
  const values = VALUES[type];
  if (!values) throw new Error(`no garbage is known for ${table}.${name}, of type ${type}`);
  return [...values.slice(0, most), ...(isNullable ? ['NULL'] : [])];
}
