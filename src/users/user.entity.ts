import { Check, Column, CreateDateColumn, Entity, JoinTable, ManyToMany, PrimaryGeneratedColumn } from 'typeorm';
import { Group } from '../groups/group.entity.js';

/** Somebody, or some service, that calls the API. */
@Entity('users')
@Check('ck_users_email_lower', '"email" = lower("email")')
export class User {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'BY DEFAULT' })
  id: number;

  /** Lower case. */
  @Column({ type: 'text', unique: true })
  email: string;

  @Column({ type: 'text' })
  username: string;

  @Column({ type: 'boolean', name: 'is_admin', default: false })
  isAdmin: boolean;

  /** False: no token of the user is made or accepted. Its schedules keep running. */
  @Column({ type: 'boolean', name: 'is_active', default: true })
  isActive: boolean;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @ManyToMany(() => Group, { onDelete: 'CASCADE' })
  @JoinTable({
    name: 'user_groups',
    joinColumn: { name: 'user_id', foreignKeyConstraintName: 'fk_user_groups_user' },
    inverseJoinColumn: { name: 'group_id', foreignKeyConstraintName: 'fk_user_groups_group' },
  })
  groups: Group[];
}
