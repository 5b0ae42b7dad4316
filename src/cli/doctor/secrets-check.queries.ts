import type { SealedColumn } from '../../secrets/sealed-column.js';

// From both ends of the key, since a key that was lost shows at the old ones, and a wrong one at the new.
export function sampleOfSecrets({ table, column, ownerColumn }: SealedColumn): string {
  const end = (direction: 'ASC' | 'DESC') => `
    (SELECT id, ${ownerColumn} AS owner, ${column} AS sealed FROM ${table}
      WHERE ${column} IS NOT NULL ORDER BY id ${direction} LIMIT $1)`;
  return `SELECT id::text AS id, owner::text AS owner, sealed FROM (${end('ASC')} UNION ${end('DESC')}) sample`;
}
