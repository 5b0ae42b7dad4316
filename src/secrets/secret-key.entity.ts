import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** A key that secrets are sealed under, or will be. Only its id is stored. */
@Entity('secret_keys')
@Check('ck_secret_keys_id', `"id" ~ '^[0-9a-f]{8}$'`)
export class SecretKey {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'pk_secret_keys' })
  id: string;

  @Column({ type: 'timestamptz', name: 'known_since', default: () => 'now()' })
  knownSince: Date;
}
