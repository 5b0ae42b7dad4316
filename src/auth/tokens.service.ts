import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { InactiveUserError } from '../http/domain-error.js';
import type { PageRequest } from '../http/paging.js';
import type { User } from '../users/user.entity.js';
import { Token } from './token.entity.js';
import { TokenBearers } from './token-bearers.service.js';
import { digestOf, newSecret, newShortSecret, prefixOf } from './token-secret.js';

/** What may be said of a token when it is made. */
export interface TokenDetails {
  /** 1 to 100 characters */
  label?: string | null;
  /** never, when left out */
  expiresAt?: Date | null;
}

/** A token just made: the only time that its value is there. */
export interface IssuedToken {
  token: Token;
  value: string;
}

/** Which tokens to revoke: one by its id or value, those with a prefix (seldom more than one), or all of a user's. */
export type TokenChoice = { id: number; userId?: number } | { userId: number } | { prefix: string } | { value: string };

/** A token that is no longer there. */
export interface RevokedToken {
  id: number;
  userId: number;
  label: string | null;
  prefix: string | null;
}

@Injectable()
export class TokensService {
  constructor(
    @InjectRepository(Token) private readonly tokens: Repository<Token>,
    private readonly bearers: TokenBearers,
  ) {}

  /**
   * A new token for a user; older ones stay valid. Its value, 48 hex digits, cannot be shown again.
   *
   * @throws InactiveUserError
   */
  async issue(user: User, { label = null, expiresAt = null }: TokenDetails = {}): Promise<IssuedToken> {
    if (!user.isActive) throw new InactiveUserError();
    const value = newSecret();
    const details = { label, prefix: prefixOf(value), expiresAt, lastUsedAt: null };
    const token = await this.tokens.save({ ...details, digest: digestOf(value), user });
    return { token, value };
  }

  /**
   * The same in 40 hex digits, for clients of the replaced service. No prefix of it is kept.
   *
   * @throws InactiveUserError
   */
  async issueShort(user: User): Promise<string> {
    if (!user.isActive) throw new InactiveUserError();
    const value = newShortSecret();
    await this.adopt(user, value);
    return value;
  }

  /**
   * Makes a token chosen elsewhere valid for a user. One that is somebody's already is left as it is.
   *
   * @returns whether it is new
   */
  async adopt(user: User, value: string, label: string | null = null): Promise<boolean> {
    const inserted = await this.tokens
      .createQueryBuilder()
      .insert()
      .values({ digest: digestOf(value), user, label })
      .orIgnore()
      .execute();
    return (inserted.raw as unknown[]).length > 0;
  }

  /** A user's tokens, newest first, with the number of all; expired ones are among them. */
  list(userId: number, { limit, offset }: Pick<PageRequest, 'limit' | 'offset'>): Promise<[Token[], number]> {
    return this.tokens.findAndCount({
      where: { user: { id: userId } },
      order: { id: 'DESC' },
      take: limit,
      skip: offset,
    });
  }

  /**
   * Revokes tokens: at once for this replica, within three seconds for the others.
   *
   * @returns those that were revoked; none when nothing fits the choice
   */
  async revoke(choice: TokenChoice): Promise<RevokedToken[]> {
    const result = await this.tokens
      .createQueryBuilder()
      .delete()
      .where(criteriaOf(choice))
      .returning('id, user_id AS "userId", label, prefix, digest')
      .execute();
    const rows = result.raw as (RevokedToken & { digest: Buffer })[];
    return rows.map(({ digest, ...revoked }) => {
      this.bearers.forget(digest);
      return revoked;
    });
  }
}

function criteriaOf(choice: TokenChoice): object {
  if ('value' in choice) return { digest: digestOf(choice.value) };
  if ('prefix' in choice) return { prefix: choice.prefix };
  if (!('id' in choice)) return { user: { id: choice.userId } };
  return { id: choice.id, ...(choice.userId !== undefined && { user: { id: choice.userId } }) };
}
