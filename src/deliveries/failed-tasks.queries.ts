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
