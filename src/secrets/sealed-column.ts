/** A column that holds secrets of one kind. The names are those of the schema, never input. */
export interface SealedColumn {
  /** what the secrets are called in reports, `auth_token` for one */
  kind: string;
  table: string;
  /** the primary key's type; the key is `id` */
  idType: 'uuid' | 'integer';
  column: string;
  /** the column that tells whose a secret is: it opens for this owner only */
  ownerColumn: string;
  /** told apart from secrets of other kinds by this; null for auth tokens, the first kind, which have nothing in front */
  purpose: string | null;
}

/** What a secret is bound to: it cannot be moved to another owner, nor into another kind's place. */
export function contextOf({ purpose }: SealedColumn, owner: string): string {
  return purpose === null ? owner : `${purpose}:${owner}`;
}
