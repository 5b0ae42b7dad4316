import type { Scope } from '../database/scope.js';

/** Ids of one page of the failed tasks in scope. Parameters: limit, offset, reach (their sum), and the scope's. */
export const newestFailedTasks = (scope: Scope) => `
  SELECT id FROM (${scope.acrossOwners(
    'owner_id',
    (condition) => `SELECT id FROM failed_tasks WHERE ${condition} ORDER BY id DESC LIMIT :reach`,
  )}) newest
   ORDER BY id DESC LIMIT :limit OFFSET :offset`;

/** How many failed tasks each owner in scope has, or how many there are at all. Parameters: the scope's. */
export const countFailedTasks = (scope: Scope) =>
  scope.acrossOwners('owner_id', (condition) => `SELECT count(*) FROM failed_tasks WHERE ${condition}`);

/** Ids of the oldest failed tasks in scope, up to `last`. Parameters: last, limit, and the scope's. */
export const oldestFailedTasks = (scope: Scope) => `
  SELECT id FROM (${scope.acrossOwners(
    'owner_id',
    (condition) => `SELECT id FROM failed_tasks WHERE ${condition} AND id <= :last ORDER BY id LIMIT :limit`,
  )}) oldest
   ORDER BY id LIMIT :limit`;

// When the last attempt of each failed task began. One look into the ledger's key for each: a join could be planned as a
// scan of all partitions. Parameters: ids.
export const LAST_ATTEMPTS = `
  SELECT task.id, last.started_at
    FROM failed_tasks task
   CROSS JOIN LATERAL (
     SELECT started_at FROM attempts
      WHERE schedule_id = task.schedule_id AND scheduled_for = task.scheduled_for AND attempt = task.attempts
      LIMIT 1) last
   WHERE task.id = ANY($1)`;
