import { Check, Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Ticks of one trigger that were taken, and how far their deliveries have been ordered. */
@Entity('firings')
@Check('ck_firings_dropped', `num_nulls("dropped_from", "dropped_to", "dropped_count") IN (0, 3)`)
@Check('ck_firings_some', `cardinality("ticks") > 0 OR "dropped_count" > 0`)
export class Firing {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'pk_firings',
  })
  id: string;

  @Column({ type: 'bigint', name: 'trigger_id' })
  triggerId: string;

  /** On time: the tick. Late: those that can be caught up with, oldest first; which of them is each schedule's choice. */
  @Column({ type: 'timestamptz', array: true })
  ticks: Date[];

  @Column({ type: 'boolean', name: 'is_late' })
  isLate: boolean;

  /** The late ticks before those, which no schedule gets. */
  @Column({ type: 'timestamptz', name: 'dropped_from', nullable: true })
  droppedFrom: Date | null;

  @Column({ type: 'timestamptz', name: 'dropped_to', nullable: true })
  droppedTo: Date | null;

  @Column({ type: 'integer', name: 'dropped_count', nullable: true })
  droppedCount: number | null;

  /** Id of the last schedule that was dealt with; null at the beginning. */
  @Column({ type: 'uuid', nullable: true })
  after: string | null;

  /** Why it was set aside, its ticks not fired; null for one that goes on. */
  @Column({ type: 'text', nullable: true })
  fault: string | null;
}
