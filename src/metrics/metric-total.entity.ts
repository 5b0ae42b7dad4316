import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How often something was counted, by all replicas, and how much of it has been pushed. */
@Entity('metric_totals')
export class MetricTotal {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'pk_metric_totals' })
  key: string;

  @Column({ type: 'bigint', default: 0 })
  total: string;

  @Column({ type: 'bigint', default: 0 })
  pushed: string;
}
