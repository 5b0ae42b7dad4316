import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

export const OUTCOMES = ['delivered', 'failed', 'missed', 'skipped', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/**
 * A row of the ledger: one POST, or the note that a delivery ended without one (attempt 0 when missed or skipped).
 * Partitioned by day of `scheduledFor`; written by `AttemptLedger` only.
 */
@Entity('attempts')
@Check('ck_attempts_outcome', `"outcome" IN ('delivered', 'failed', 'missed', 'skipped', 'cancelled')`)
@Check('ck_attempts_missed', `("outcome" IS NOT DISTINCT FROM 'missed') = ("missed_count" IS NOT NULL)`)
export class Attempt {
  @PrimaryColumn({ type: 'uuid', name: 'schedule_id', primaryKeyConstraintName: 'pk_attempts' })
  scheduleId: string;

  /** The tick. For missed ticks, the last of them. */
  @PrimaryColumn({ type: 'timestamptz', name: 'scheduled_for', primaryKeyConstraintName: 'pk_attempts' })
  scheduledFor: Date;

  /** From 1; 0 for a tick that was not delivered at all. */
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'pk_attempts' })
  attempt: number;

  @Column({ type: 'timestamptz', name: 'started_at' })
  startedAt: Date;

  @Column({ type: 'integer', name: 'duration_ms', nullable: true })
  durationMs: number | null;

  @Column({ type: 'integer', nullable: true })
  status: number | null;

  /** Class of what went wrong when there is no status. */
  @Column({ type: 'text', nullable: true })
  error: string | null;

  @Column({ type: 'text', nullable: true })
  excerpt: string | null;

  /** How the delivery ended with this row; null while it goes on. */
  @Column({ type: 'text', nullable: true })
  outcome: Outcome | null;

  @Column({ type: 'timestamptz', name: 'retry_at', nullable: true })
  retryAt: Date | null;

  /** The first of the missed ticks. */
  @Column({ type: 'timestamptz', name: 'missed_from', nullable: true })
  missedFrom: Date | null;

  @Column({ type: 'integer', name: 'missed_count', nullable: true })
  missedCount: number | null;

  /** Which process made the attempt. */
  @Column({ type: 'text' })
  replica: string;

  /** Its kept connection was found closed, and the request was sent once more over a new one. */
  @Column({ type: 'boolean', name: 'is_resent', default: false })
  isResent: boolean;
}
