import type { TestDatabase } from './database.js';

/**
 * Everything that stands in the database, by `schema.table.column`: text as it is, JSON as text, bytes as their
 * hexadecimal digits and as the text they would be.
 *
 * @param without columns to leave out
 */
export async function everythingStored(database: TestDatabase, without: string[]): Promise<Map<string, string>> {
  const columns = await database.query<{ name: string; table: string; column: string; type: string }>(
    `SELECT format('%s.%s.%s', table_schema, table_name, column_name) AS name,
            format('%I.%I', table_schema, table_name) AS table, quote_ident(column_name) AS column, data_type AS type
       FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  const stored = new Map<string, string>();
  for (const { name, table, column, type } of columns) {
    if (without.includes(name)) continue;
    const text =
      type === 'bytea' ? `encode(${column}, 'hex') || ' ' || encode(${column}, 'escape')` : `${column}::text`;
    const [{ all }] = await database.query<{ all: string | null }>(
      `SELECT string_agg(${text}, E'\\n') AS all FROM ${table}`,
    );
    stored.set(name, all ?? '');
  }
  return stored;
}
