import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThan, type Repository } from 'typeorm';
import type { Principal } from '../http/access.decorators.js';
import type { User } from '../users/user.entity.js';
import { PrincipalCache } from './principal-cache.js';
import { Token } from './token.entity.js';

const TOKEN_BYTES = 20;
const LAST_USED_RESOLUTION_MS = 60_000;

@Injectable()
export class TokensService {
  private readonly principals = new PrincipalCache();

  constructor(@InjectRepository(Token) private readonly tokens: Repository<Token>) {}

  /**
   * A new token for a user; older ones stay valid.
   *
   * @returns 40 hex digits, 160 random bits, which are not kept and cannot be shown again
   */
  async issue(user: User): Promise<string> {
    const secret = randomBytes(TOKEN_BYTES).toString('hex');
    await this.adopt(user, secret);
    return secret;
  }

  /**
   * Makes a token chosen elsewhere valid for a user. One that is somebody's already is left as it is.
   *
   * @returns whether it is new
   */
  async adopt(user: User, secret: string): Promise<boolean> {
    const inserted = await this.tokens
      .createQueryBuilder()
      .insert()
      .values({ digest: digestOf(secret), user })
      .orIgnore()
      .execute();
    return (inserted.raw as unknown[]).length > 0;
  }

  /** Whom a token stands for, or null. A change takes effect within three seconds. */
  async principalOf(secret: string): Promise<Principal | null> {
    const digest = digestOf(secret);
    return this.principals.get(digest.toString('base64'), () => this.lookUp(digest));
  }

  private async lookUp(digest: Buffer): Promise<Principal | null> {
    const token = await this.tokens.findOne({ where: { digest }, relations: { user: true } });
    if (!token) return null;
    await this.noteUse(token);
    return { id: token.user.id, email: token.user.email, isAdmin: token.user.isAdmin };
  }

  /** At most once a minute a token, so that reading does not become writing. */
  private async noteUse({ id, lastUsedAt }: Token): Promise<void> {
    const now = new Date();
    const stale = new Date(now.getTime() - LAST_USED_RESOLUTION_MS);
    if (lastUsedAt && lastUsedAt > stale) return;
    await this.tokens.update(
      [
        { id, lastUsedAt: IsNull() },
        { id, lastUsedAt: LessThan(stale) },
      ],
      { lastUsedAt: now },
    );
  }
}

/** A fast hash is right here: the tokens are random, so there is nothing to guess. */
function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
