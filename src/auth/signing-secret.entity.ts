import { Check, Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { User } from '../users/user.entity.js';

/** What a user's deliveries are signed with. A user has a current one and, after a rotation, a previous one too. */
@Entity('signing_secrets')
@Index('uq_signing_secrets_current', ['userId'], { unique: true, where: '"retires_at" IS NULL' })
@Index('uq_signing_secrets_previous', ['userId'], { unique: true, where: '"retires_at" IS NOT NULL' })
@Index('ix_signing_secrets_user', ['userId'])
@Check('ck_signing_secrets_sealed', 'octet_length("sealed") > 32')
export class SigningSecret {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'pk_signing_secrets',
  })
  id: number;

  @Column({ type: 'integer', name: 'user_id' })
  userId: number;

  @ManyToOne(() => User, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'fk_signing_secrets_user' })
  user?: User;

  /** Encrypted. */
  @Column({ type: 'bytea' })
  sealed: Buffer;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  /** Of the previous one: it signs until then. Null of the current one. */
  @Column({ type: 'timestamptz', name: 'retires_at', nullable: true })
  retiresAt: Date | null;
}
