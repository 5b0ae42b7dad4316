import type { Principal } from '../http/access.decorators.js';

/** A token that was revoked is refused by every replica within this time; the promise to users is 5 s. */
const MAX_AGE_MS = 3_000;
const MAX_ENTRIES = 10_000;

/** Who holds a token that is valid. */
export interface Bearer extends Principal {
  tokenId: number;
}

/** What a look-up found: the bearer, and for how long from now the token is valid; null for ever. */
export interface FoundBearer {
  bearer: Bearer;
  validMs: number | null;
}

interface Entry {
  bearer: Promise<Bearer | null>;
  expiresAt: number;
  /** whether the token was valid when last looked up */
  isProven: boolean;
}

/**
 * Whom tokens stand for, remembered for three seconds and never beyond their expiry, so that a busy client is not looked
 * up for each request. Calls that come while a look-up is under way share it. What nobody is known by, or what failed,
 * is not remembered.
 *
 * @param now milliseconds of a clock that never goes back
 */
export class PrincipalCache {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @param key of the token; not the token itself, which is not kept in memory */
  async get(key: string, look: () => Promise<FoundBearer | null>): Promise<Bearer | null> {
    const kept = this.entries.get(key);
    if (kept && kept.expiresAt > this.now()) return kept.bearer;
    const entry = this.begin(look, kept?.isProven ?? false);
    this.keep(key, entry);
    const bearer = await entry.bearer.catch((error: unknown) => {
      this.drop(key, entry);
      throw error;
    });
    if (!bearer) this.drop(key, entry);
    return bearer;
  }

  /** Whether this token was valid when it was last looked up, however long ago: it is not one that somebody guesses. */
  isProven(key: string): boolean {
    return this.entries.get(key)?.isProven ?? false;
  }

  /** The next call looks the token up again. */
  forget(key: string): void {
    this.entries.delete(key);
  }

  private begin(look: () => Promise<FoundBearer | null>, isProven: boolean): Entry {
    // The time is taken before the look-up: what it reads may be outdated by the time it ends.
    const begun = this.now();
    const entry: Entry = { bearer: Promise.resolve(null), expiresAt: begun + MAX_AGE_MS, isProven };
    entry.bearer = look().then((found) => {
      if (!found) return null;
      entry.isProven = true;
      entry.expiresAt = begun + Math.min(MAX_AGE_MS, found.validMs ?? MAX_AGE_MS);
      return found.bearer;
    });
    return entry;
  }

  private keep(key: string, entry: Entry): void {
    // Last in order, so that the first is the oldest.
    this.entries.delete(key);
    if (this.entries.size >= MAX_ENTRIES) this.entries.delete(this.entries.keys().next().value as string);
    this.entries.set(key, entry);
  }

  private drop(key: string, entry: Entry): void {
    if (this.entries.get(key) === entry) this.entries.delete(key);
  }
}
