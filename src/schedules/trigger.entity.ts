import { Check, Column, Entity, Index, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Definition } from './definitions/definition.js';

/** One distinct definition, shared by all schedules that have it. */
@Entity('triggers')
@Unique('uq_triggers_definition', ['kind', 'text', 'timeZone', 'phase'])
@Index('ix_triggers_next_fire_at', ['nextFireAt'], { where: '"next_fire_at" IS NOT NULL' })
@Check('ck_triggers_kind', `"kind" IN ('cron', 'interval')`)
export class Trigger {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'pk_triggers',
  })
  id: string;

  @Column({ type: 'text' })
  kind: 'cron' | 'interval';

  @Column({ type: 'text' })
  text: string;

  @Column({ type: 'text', name: 'time_zone', default: 'UTC' })
  timeZone: string;

  /** Of an interval: an instant from which its ticks are counted. Of a crontab: 1970. */
  @Column({ type: 'timestamptz' })
  phase: Date;

  /** The oldest tick that has not been taken; null while no enabled schedule has this definition. */
  @Column({ type: 'timestamptz', name: 'next_fire_at', nullable: true })
  nextFireAt: Date | null;

  @Column({ type: 'timestamptz', name: 'last_fire_at', nullable: true })
  lastFireAt: Date | null;

  /** Why the trigger was set aside; null for one that works. */
  @Column({ type: 'text', nullable: true })
  fault: string | null;
}

/** The columns that make up a definition, as SQL returns them. */
export interface DefinitionRow {
  kind: 'cron' | 'interval';
  text: string;
  time_zone: string;
  phase: Date;
}

export function definitionOf(row: DefinitionRow): Definition {
  return row.kind === 'cron'
    ? { kind: 'cron', text: row.text, timeZone: row.time_zone }
    : { kind: 'interval', text: row.text, phase: row.phase };
}

export function definitionRow(definition: Definition): DefinitionRow {
  return definition.kind === 'cron'
    ? { kind: 'cron', text: definition.text, time_zone: definition.timeZone, phase: new Date(0) }
    : { kind: 'interval', text: definition.text, time_zone: 'UTC', phase: definition.phase };
}
