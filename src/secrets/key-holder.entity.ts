import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** A process of the service and the keys it has. Instants are those of the database. */
@Entity('key_holders')
@Check('ck_key_holders_key_ids', 'cardinality("key_ids") > 0')
export class KeyHolder {
  /** Made anew by each start. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_key_holders' })
  id: string;

  @Column({ type: 'text' })
  replica: string;

  /** The current key first. */
  @Column({ type: 'text', array: true, name: 'key_ids' })
  keyIds: string[];

  /** Since when it has been seen without a gap. */
  @Column({ type: 'timestamptz', name: 'seen_since', default: () => 'now()' })
  seenSince: Date;

  @Column({ type: 'timestamptz', name: 'seen_at', default: () => 'now()' })
  seenAt: Date;

  /** Null until it is shut down. */
  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true })
  endedAt: Date | null;
}
