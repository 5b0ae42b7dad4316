import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { CallBatcher, type Settled } from '../database/call-batcher.js';
import { type Bearer, type FoundBearer, PrincipalCache } from './principal-cache.js';
import { digestOf } from './token-secret.js';
import { FIND_BEARERS, NOTE_USES } from './tokens.queries.js';

const MAX_BATCH = 500;
// However many tokens come, valid or not, look-ups take no more connections than these of the pool.
const BATCHES_AT_ONCE = 4;

type BearerRow = Bearer & { digest: Buffer; validMs: number | null; isUseToBeNoted: boolean };

/** Tells whom a token stands for; asked for every request. Tokens that come together are looked up together. */
@Injectable()
export class TokenBearers {
  private readonly logger = new Logger(TokenBearers.name);
  private readonly cache = new PrincipalCache();
  private readonly lookUps = new CallBatcher<Buffer, FoundBearer | null>(MAX_BATCH, BATCHES_AT_ONCE, (digests) =>
    this.lookUp(digests),
  );

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The bearer of a token, or null. A change takes effect within three seconds, an expiry at once. */
  async bearerOf(secret: string): Promise<Bearer | null> {
    const digest = digestOf(secret);
    return this.cache.get(keyOf(digest), () => this.lookUps.call(digest));
  }

  /** Has this replica refuse a revoked token at once. */
  forget(digest: Buffer): void {
    this.cache.forget(keyOf(digest));
  }

  private async lookUp(digests: Buffer[]): Promise<Settled<FoundBearer | null>[]> {
    const rows = await this.dataSource.query<BearerRow[]>(FIND_BEARERS, [digests]);
    const used = rows.filter(({ isUseToBeNoted }) => isUseToBeNoted).map(({ tokenId }) => tokenId);
    if (used.length > 0) await this.noteUses(used);
    const found = new Map<string, FoundBearer>();
    for (const { digest, validMs, isUseToBeNoted: _, ...bearer } of rows) found.set(keyOf(digest), { bearer, validMs });
    return digests.map((digest) => ({ value: found.get(keyOf(digest)) ?? null }));
  }

  /** A token is as good when its use could not be noted. */
  private async noteUses(tokenIds: number[]): Promise<void> {
    await this.dataSource.query(NOTE_USES, [tokenIds]).catch((error: Error) => {
      this.logger.warn(`the last use of ${tokenIds.length} tokens is not noted: ${error.message}`);
    });
  }
}

function keyOf(digest: Buffer): string {
  return digest.toString('base64');
}
