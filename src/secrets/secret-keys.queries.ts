import type { SealedColumn } from './sealed-column.js';

// Starts, rotations and the removal of keys come one after another.
export const LOCK_KEYS = `SELECT pg_advisory_xact_lock(hashtext('seed-scheduler secret keys'))`;

export const KNOWN_KEYS = `SELECT id, known_since AS since FROM secret_keys ORDER BY known_since, id`;

export const ADD_KEY = `INSERT INTO secret_keys (id) VALUES ($1) ON CONFLICT DO NOTHING`;

/** Ids of the keys that a column's secrets are sealed under. It scans the table. */
export function keysOfColumn({ table, column }: Pick<SealedColumn, 'table' | 'column'>): string {
  return `
    SELECT DISTINCT encode(substring(${column} FROM 1 FOR 4), 'hex') AS id FROM ${table}
     WHERE octet_length(${column}) > 32`;
}

export function addKeysOf(column: SealedColumn): string {
  return `INSERT INTO secret_keys (id) ${keysOfColumn(column)} ON CONFLICT DO NOTHING`;
}

/** Those of the keys in $1 that a column has secrets under. It scans the table until it has found one of each. */
export function keysInUse({ table, column }: SealedColumn): string {
  return `
    SELECT asked.id FROM unnest($1::text[]) AS asked (id)
     WHERE EXISTS (SELECT FROM ${table} t WHERE octet_length(t.${column}) > 32
                      AND substring(t.${column} FROM 1 FOR 4) = decode(asked.id, 'hex'))`;
}

export const REMOVE_KEYS_BUT = `DELETE FROM secret_keys WHERE id <> ALL ($1::text[]) RETURNING id`;

// Shows that this process lives, and since when it has done so without a gap. Rows that are of no use any more go.
export const BEAT = `
  WITH outdated AS (
    DELETE FROM key_holders WHERE seen_at < now() - make_interval(secs => $5) AND id <> $1
  )
  INSERT INTO key_holders AS mine (id, replica, key_ids) VALUES ($1, $2, $3)
  ON CONFLICT (id) DO UPDATE
    SET seen_at = now(),
        seen_since = CASE WHEN mine.seen_at > now() - make_interval(secs => $4) THEN mine.seen_since ELSE now() END`;

export const END = `UPDATE key_holders SET seen_at = now(), ended_at = now() WHERE id = $1`;

// The keys of other processes that live. One that has just ended counts as well: it may be restarting. A process that
// is new, or could not reach the database lately, cannot say who is gone: until it has been seen for as long as others
// are waited for, everyone counts who was there within the last hour.
export const KEYS_OF_OTHERS = `
  SELECT key_ids AS "keyIds" FROM key_holders
   WHERE id <> $1
     AND seen_at > now() - make_interval(secs => CASE WHEN EXISTS (
           SELECT FROM key_holders
            WHERE id = $1 AND seen_at > now() - make_interval(secs => $2)
              AND seen_since <= now() - make_interval(secs => $2)) THEN $2 ELSE $3 END::float8)`;

export const LIVE_HOLDERS = `
  SELECT replica, key_ids AS "keyIds" FROM key_holders
   WHERE ended_at IS NULL AND seen_at > now() - make_interval(secs => $1) ORDER BY replica`;
