import { Check, Column, Entity, Index, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** Scheme, host and port of endpoints, with the state of its circuit breaker, which all replicas share. Never removed. */
@Entity('origins')
@Unique('uq_origins_origin', ['origin'])
@Index('ix_origins_failing', ['id'], { where: '"failures_in_row" > 0' })
@Check('ck_origins_probe', `("opened_at" IS NULL) = ("probe_at" IS NULL)`)
export class Origin {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'pk_origins',
  })
  id: number;

  /** As URL.origin spells it. */
  @Column({ type: 'text' })
  origin: string;

  /** Attempts that failed since the last answer. */
  @Column({ type: 'integer', name: 'failures_in_row', default: 0 })
  failuresInRow: number;

  /** Since when its deliveries are held back; null while they are not. */
  @Column({ type: 'timestamptz', name: 'opened_at', nullable: true })
  openedAt: Date | null;

  /** When the next probe may go; null while nothing is held back. */
  @Column({ type: 'timestamptz', name: 'probe_at', nullable: true })
  probeAt: Date | null;
}
