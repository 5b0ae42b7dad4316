import { IMPATIENCE } from '../database/data-source-options.js';
import type { SealedColumn } from './sealed-column.js';
import { keysOfColumn, KNOWN_KEYS } from './secret-keys.queries.js';

const HAS_COLUMN = `
  SELECT EXISTS (SELECT FROM information_schema.columns
                  WHERE table_schema = current_schema AND table_name = $1 AND column_name = $2) AS "exists"`;

/**
 * Returns ids of the keys that the secrets of a database are sealed under, and of those that it knows. The schema may
 * be that of any release, or not be there yet.
 */
export async function keysInDatabase(url: string, columns: SealedColumn[]): Promise<string[]> {
  const client = new IMPATIENCE.Client({
    connectionString: url,
    application_name: 'seed-scheduler start',
    ...IMPATIENCE,
  });
  await client.connect();
  try {
    const queries: string[] = [];
    const has = async (table: string, column: string) =>
      (await client.query<{ exists: boolean }>(HAS_COLUMN, [table, column])).rows[0]?.exists ?? false;
    if (await has('secret_keys', 'id')) queries.push(KNOWN_KEYS);
    for (const column of columns) if (await has(column.table, column.column)) queries.push(keysOfColumn(column));
    const found = new Set<string>();
    for (const query of queries) for (const { id } of (await client.query<{ id: string }>(query)).rows) found.add(id);
    return [...found];
  } finally {
    await client.end();
  }
}
