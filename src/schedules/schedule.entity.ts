import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { User } from '../users/user.entity.js';
import type { CatchUp } from './definitions/catch-up.js';
import { Trigger } from './trigger.entity.js';

/** Whether a tick is delivered while the schedule's delivery before it has not ended, or skipped. */
export const OVERLAPS = ['allow', 'skip'] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** A user's rule: what to POST where, and, by its trigger, when. */
@Entity('schedules')
@Index('ix_schedules_newest', ['createdAt', 'id'])
@Index('ix_schedules_owner', ['createdBy', 'createdAt', 'id'])
@Index('ix_schedules_owner_off', ['createdBy', 'createdAt', 'id'], { where: 'NOT "enabled"' })
@Index('ix_schedules_owner_frequency', ['createdBy', 'frequency', 'createdAt', 'id'], {
  where: '"frequency" IS NOT NULL',
})
@Index('ix_schedules_off', ['createdAt', 'id'], { where: 'NOT "enabled"' })
@Index('ix_schedules_frequency', ['frequency', 'createdAt', 'id'], { where: '"frequency" IS NOT NULL' })
@Index('ix_schedules_trigger', ['triggerId', 'id'], { where: '"enabled"' })
@Index('ix_schedules_trigger_all', ['triggerId'])
@Check('ck_schedules_frequency', '"frequency" IS NULL OR "frequency" > 0')
@Check('ck_schedules_triggered', '"triggered" >= 0')
@Check('ck_schedules_catch_up', `"catch_up" IN ('latest', 'none', 'all')`)
@Check('ck_schedules_overlap', `"overlap" IN ('allow', 'skip')`)
export class Schedule {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_schedules' })
  id: string;

  @Column({ type: 'bigint', name: 'trigger_id' })
  triggerId: string;

  @ManyToOne(() => Trigger, { nullable: false })
  @JoinColumn({ name: 'trigger_id', foreignKeyConstraintName: 'fk_schedules_trigger' })
  trigger: Trigger;

  /** Runs in total, after which the schedule turns itself off; null for no end. */
  @Column({ type: 'integer', nullable: true })
  frequency: number | null;

  @Column({ type: 'text' })
  endpoint: string;

  /** Of the endpoint's origin, whose deliveries take turns with those of others. */
  @Column({ type: 'integer', name: 'origin_id' })
  originId: number;

  /** JSON text, as it was given. */
  @Column({ type: 'text' })
  payload: string;

  /** Encrypted. */
  @Column({ type: 'bytea', name: 'auth_token', nullable: true })
  authToken: Buffer | null;

  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  @Column({ type: 'text', name: 'catch_up', default: 'latest' })
  catchUp: CatchUp;

  @Column({ type: 'text', default: 'allow' })
  overlap: Overlap;

  /** Runs so far. */
  @Column({ type: 'integer', default: 0 })
  triggered: number;

  /** The tick of the latest run. */
  @Column({ type: 'timestamptz', name: 'last_run', nullable: true })
  lastRun: Date | null;

  /** Takes part in ticks after this instant: when it was created, enabled, or given its definition. */
  @Column({ type: 'timestamptz', name: 'active_since' })
  activeSince: Date;

  /** When it was last switched off by hand: what fell due up to then is not sent any more. */
  @Column({ type: 'timestamptz', name: 'halted_at', nullable: true })
  haltedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt: Date;

  /** The owner; null when that user is gone. */
  @Column({ type: 'integer', name: 'created_by', nullable: true })
  createdBy: number | null;

  @ManyToOne(() => User, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'created_by', foreignKeyConstraintName: 'fk_schedules_created_by' })
  creator?: User;

  @Column({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt: Date;

  @Column({ type: 'integer', name: 'updated_by', nullable: true })
  updatedBy: number | null;

  @ManyToOne(() => User, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'updated_by', foreignKeyConstraintName: 'fk_schedules_updated_by' })
  updater?: User;
}
