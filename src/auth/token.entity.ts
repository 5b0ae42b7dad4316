import { Check, Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { User } from '../users/user.entity.js';

/** An API token, of which only the digest is kept. */
@Entity('tokens')
@Check('ck_tokens_digest_sha256', 'octet_length("digest") = 32')
@Check('ck_tokens_label', 'char_length("label") BETWEEN 1 AND 100')
@Check('ck_tokens_prefix', `"prefix" ~ '^[0-9a-f]{8}$'`)
@Index('ix_tokens_user', ['user', 'id'])
export class Token {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'BY DEFAULT' })
  id: number;

  /** SHA-256 of the token. */
  @Column({ type: 'bytea', unique: true })
  digest: Buffer;

  @ManyToOne(() => User, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'fk_tokens_user' })
  user: User;

  /** What the token is for, in its owner's words. */
  @Column({ type: 'text', nullable: true })
  label: string | null;

  /** The token's first characters, to recognise it by; null where too little would be left unknown. */
  @Column({ type: 'text', nullable: true })
  prefix: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  /** To the minute. */
  @Column({ type: 'timestamptz', name: 'last_used_at', nullable: true })
  lastUsedAt: Date | null;

  /** From when on it is refused; null for never. */
  @Column({ type: 'timestamptz', name: 'expires_at', nullable: true })
  expiresAt: Date | null;
}
