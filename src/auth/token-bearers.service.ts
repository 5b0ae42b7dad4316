import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { type Bearer, type FoundBearer, PrincipalCache } from './principal-cache.js';
import { digestOf } from './token-secret.js';
import { FIND_BEARER, NOTE_USE } from './tokens.queries.js';

type BearerRow = Bearer & { validMs: number | null; isUseToBeNoted: boolean };

/** Tells whom a token stands for; asked for every request. */
@Injectable()
export class TokenBearers {
  private readonly cache = new PrincipalCache();

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The bearer of a token, or null. A change takes effect within three seconds, an expiry at once. */
  async bearerOf(secret: string): Promise<Bearer | null> {
    const digest = digestOf(secret);
    return this.cache.get(keyOf(digest), () => this.lookUp(digest));
  }

  /** Whether this replica has found the token valid before, and not otherwise since: then it is no guess. */
  isProven(secret: string): boolean {
    return this.cache.isProven(keyOf(digestOf(secret)));
  }

  /** Has this replica refuse a revoked token at once. */
  forget(digest: Buffer): void {
    this.cache.forget(keyOf(digest));
  }

  private async lookUp(digest: Buffer): Promise<FoundBearer | null> {
    const [row] = await this.dataSource.query<BearerRow[]>(FIND_BEARER, [digest]);
    if (!row) return null;
    const { validMs, isUseToBeNoted, ...bearer } = row;
    if (isUseToBeNoted) await this.dataSource.query(NOTE_USE, [bearer.tokenId]);
    return { bearer, validMs };
  }
}

function keyOf(digest: Buffer): string {
  return digest.toString('base64');
}
