import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A named set of users. */
@Entity('groups')
export class Group {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'BY DEFAULT' })
  id: number;

  @Column({ type: 'text', unique: true })
  name: string;
}
