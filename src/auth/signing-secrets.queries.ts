import type { SealedColumn } from '../secrets/sealed-column.js';

/** Bound to their user. */
export const SIGNING_SECRETS: SealedColumn = {
  kind: 'signing_secret',
  table: 'signing_secrets',
  idType: 'integer',
  column: 'sealed',
  ownerColumn: 'user_id',
  purpose: 'signing-secret',
};

/**
 * Joins `signing.secrets`: the secrets of a user that sign now, the current one first, in hexadecimal with blanks
 * between; null when there are none. Text, because one string of a batch's user is cheap to recognise and an array of
 * bytes is not. One step of an index for a user without any; the planner remembers the users of a batch.
 *
 * @param userId the column that has the user's id
 */
export function joinSigningSecrets(userId: string): string {
  return `
    LEFT JOIN LATERAL (
      SELECT string_agg(encode(sealed, 'hex'), ' ' ORDER BY retires_at DESC NULLS FIRST) AS secrets
        FROM signing_secrets WHERE user_id = ${userId} AND coalesce(retires_at > now(), true)
    ) signing ON true`;
}

// Rotations of one user come one after another.
export const LOCK_USER = `SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE`;

export const DELETE_RETIRED = `DELETE FROM signing_secrets WHERE user_id = $1 AND retires_at <= now()`;

export const RETIRE_CURRENT = `
  UPDATE signing_secrets SET retires_at = now() + make_interval(secs => $2) WHERE user_id = $1 AND retires_at IS NULL`;
