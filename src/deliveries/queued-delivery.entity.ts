import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A delivery that has not ended: it waits, or a worker has it. Its id is computed (see deliveryId). */
@Entity('deliveries')
@Index('ix_deliveries_due', ['originId', 'dueAt'])
@Check('ck_deliveries_attempts', '"attempts" >= "attempts_before" AND "attempts_before" >= 0')
export class QueuedDelivery {
  @PrimaryColumn({ type: 'uuid', name: 'schedule_id', primaryKeyConstraintName: 'pk_deliveries' })
  scheduleId: string;

  /** The tick. */
  @PrimaryColumn({ type: 'timestamptz', name: 'scheduled_for', primaryKeyConstraintName: 'pk_deliveries' })
  scheduledFor: Date;

  /** The origin of the endpoint as it was at the tick: whose turn it takes, not where it goes. */
  @Column({ type: 'integer', name: 'origin_id' })
  originId: number;

  /** When it may be leased: at once, after a backoff, or, while it is leased, when the lease ends. */
  @Column({ type: 'timestamptz', name: 'due_at' })
  dueAt: Date;

  @Column({ type: 'boolean', name: 'is_leased', default: false })
  isLeased: boolean;

  /** Leases that were taken and not given back: the number of the latest attempt, and the fence of its lease. */
  @Column({ type: 'integer', default: 0 })
  attempts: number;

  /** Attempts made before it was requeued by hand. */
  @Column({ type: 'integer', name: 'attempts_before', default: 0 })
  attemptsBefore: number;

  @Column({ type: 'timestamptz', name: 'requeued_at', nullable: true })
  requeuedAt: Date | null;
}
