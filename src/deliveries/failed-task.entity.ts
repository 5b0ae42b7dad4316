import { Column, Entity, Index, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** A delivery whose last attempt failed, until it is requeued. */
@Entity('failed_tasks')
@Index('ix_failed_tasks_owner', ['ownerId', 'id'])
@Unique('uq_failed_tasks_delivery', ['scheduleId', 'scheduledFor'])
export class FailedTask {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'pk_failed_tasks',
  })
  id: number;

  @Column({ type: 'uuid', name: 'schedule_id' })
  scheduleId: string;

  /** The owner of the schedule, which the database itself writes here; null when there is none any more. */
  @Column({ type: 'integer', name: 'owner_id', nullable: true, insert: false, update: false })
  ownerId: number | null;

  @Column({ type: 'timestamptz', name: 'scheduled_for' })
  scheduledFor: Date;

  @Column({ type: 'timestamptz', name: 'failed_at', default: () => 'now()' })
  failedAt: Date;

  /** Attempts made so far. */
  @Column({ type: 'integer' })
  attempts: number;

  @Column({ type: 'integer', nullable: true })
  status: number | null;

  @Column({ type: 'text', nullable: true })
  error: string | null;
}

/** A failed task with what the ledger knows of it. */
export interface FailedTaskDetails extends FailedTask {
  /** when its last attempt began */
  initiatedAt: Date;
}
