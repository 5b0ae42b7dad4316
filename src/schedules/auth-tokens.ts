import type { SealedColumn } from '../secrets/sealed-column.js';

/** Tokens that schedules send, each bound to its schedule's id. */
export const AUTH_TOKENS: SealedColumn = {
  kind: 'auth_token',
  table: 'schedules',
  idType: 'uuid',
  column: 'auth_token',
  ownerColumn: 'id',
  purpose: null,
};
