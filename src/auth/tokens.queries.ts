// The database's clock decides about expiry and use, so that a replica whose clock is wrong lets nobody in. How long the
// token is still valid is told as a distance from now, for the same reason. One step of the index for each digest.
export const FIND_BEARERS = `
  SELECT t.digest, t.id AS "tokenId", u.id, u.email, u.is_admin AS "isAdmin",
         CASE WHEN isfinite(t.expires_at) THEN (extract(epoch FROM t.expires_at - now()) * 1000)::float8 END AS "validMs",
         coalesce(t.last_used_at < now() - interval '1 minute', true) AS "isUseToBeNoted"
    FROM tokens t JOIN users u ON u.id = t.user_id
   WHERE t.digest = ANY ($1::bytea[]) AND u.is_active AND coalesce(t.expires_at > now(), true)`;

// At most once a minute a token, so that reading does not become writing: of replicas that come at once, one writes.
// Who holds a row is writing or revoking it: nobody waits for that.
export const NOTE_USES = `
  WITH used AS (
    SELECT id FROM tokens
     WHERE id = ANY ($1::int[]) AND coalesce(last_used_at < now() - interval '1 minute', true)
     ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
  )
  UPDATE tokens SET last_used_at = now() WHERE id IN (SELECT id FROM used)`;
