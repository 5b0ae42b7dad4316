import type { SealedColumn } from './sealed-column.js';

// $1 is null at the beginning: there is no id that every id is greater than.
// By the primary key: it needs no index of its own, holds no snapshot for longer than a page, and can begin anywhere.
export function readPage({ table, column, ownerColumn, idType }: SealedColumn): string {
  return `
    SELECT t.id::text AS id, t.${ownerColumn}::text AS owner, t.${column} AS sealed FROM ${table} t
     WHERE ($1::${idType} IS NULL OR t.id > $1::${idType}) ORDER BY t.id LIMIT $2`;
}

export function readSome({ table, column, ownerColumn, idType }: SealedColumn): string {
  return `
    SELECT t.id::text AS id, t.${ownerColumn}::text AS owner, t.${column} AS sealed FROM ${table} t
     WHERE t.id = ANY($1::${idType}[]) ORDER BY t.id`;
}

// By compare-and-set on the bytes that were read: what somebody wrote meanwhile stays. Rows are locked in order of id,
// as everywhere, so that it cannot deadlock with others that lock many; the lock passes foreign keys.
export function replaceSealed({ table, column, idType }: SealedColumn): string {
  return `
    WITH wanted AS MATERIALIZED (
      SELECT * FROM unnest($1::${idType}[], $2::bytea[], $3::bytea[]) AS w (id, former, renewed)
    ), held AS MATERIALIZED (
      SELECT t.id, w.renewed FROM ${table} t JOIN wanted w ON w.id = t.id AND w.former = t.${column}
       ORDER BY t.id FOR NO KEY UPDATE OF t
    ), changed AS (
      UPDATE ${table} t SET ${column} = held.renewed FROM held WHERE t.id = held.id RETURNING t.id
    )
    SELECT id::text AS id FROM changed`;
}

// As of the last ANALYZE; -1 when there was none.
export const ESTIMATE_ROWS = `SELECT reltuples::float8 AS rows FROM pg_class WHERE oid = to_regclass($1)`;
