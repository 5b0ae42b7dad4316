import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export const ACTOR_KINDS = ['user', 'cli', 'system'] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

/** Who did what to what, when and from where. Only ever appended; never holds a value that was given. */
@Entity('audit_log')
@Check('ck_audit_log_actor', `("actor_kind" = 'user') = ("actor_id" IS NOT NULL)`)
@Check('ck_audit_log_actor_kind', `"actor_kind" IN ('user', 'cli', 'system')`)
@Check('ck_audit_log_outcome', `"outcome" IN ('done', 'denied')`)
@Index('ix_audit_log_at', ['at', 'id'])
@Index('ix_audit_log_actor', ['actorId', 'at'], { where: '"actor_id" IS NOT NULL' })
@Index('ix_audit_log_process', ['actorKind', 'at'], { where: `"actor_kind" <> 'user'` })
@Index('ix_audit_log_action', ['action', 'at'])
@Index('ix_audit_log_target', ['targetKind', 'targetId', 'at'])
export class AuditRecord {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'pk_audit_log',
  })
  id: string;

  /** By the database's clock. */
  @Column({ type: 'timestamptz', default: () => 'now()' })
  at: Date;

  @Column({ type: 'text', name: 'actor_kind' })
  actorKind: ActorKind;

  /** Of a user. No foreign key: the record outlives the user. */
  @Column({ type: 'integer', name: 'actor_id', nullable: true })
  actorId: number | null;

  /** As it was then. */
  @Column({ type: 'text', name: 'actor_email', nullable: true })
  actorEmail: string | null;

  @Column({ type: 'text' })
  action: string;

  /** Denied: the actor's rights did not suffice, and nothing changed. */
  @Column({ type: 'text' })
  outcome: 'done' | 'denied';

  @Column({ type: 'text', name: 'target_kind' })
  targetKind: string;

  /** Null for all of that kind, or where nothing has that id. */
  @Column({ type: 'text', name: 'target_id', nullable: true })
  targetId: string | null;

  /** Names of the fields that were given. */
  @Column({ type: 'text', array: true, default: [] })
  fields: string[];

  /** The client's address; host and process id for the command line and the service itself. */
  @Column({ type: 'text' })
  source: string;

  @Column({ type: 'text', name: 'request_id', nullable: true })
  requestId: string | null;
}
