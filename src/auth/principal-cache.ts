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
  bearer: Bearer;
  expiresAt: number;
}

type LookUp = () => Promise<FoundBearer | null>;

/**
 * Whom tokens stand for, remembered for three seconds and never beyond their expiry, so that a busy client is not looked
 * up for each request. Calls that come while a look-up is under way share it. Misses and errors are not cached, and take
 * no entry from a valid token.
 *
 * @param now milliseconds of a clock that never goes back
 */
export class PrincipalCache {
  private readonly entries = new Map<string, Entry>();
  private readonly underWay = new Map<string, Promise<Bearer | null>>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @param key of the token; not the token itself, which is not kept in memory */
  async get(key: string, look: LookUp): Promise<Bearer | null> {
    const kept = this.entries.get(key);
    if (kept && kept.expiresAt > this.now()) return kept.bearer;
    const shared = this.underWay.get(key);
    if (!shared) return this.begin(key, look);
    // It began before this call: the token may have been made in between.
    return (await shared) ?? this.underWay.get(key) ?? this.begin(key, look);
  }

  /** The next call looks the token up again. */
  forget(key: string): void {
    this.entries.delete(key);
    this.underWay.delete(key);
  }

  private begin(key: string, look: LookUp): Promise<Bearer | null> {
    // The time is taken before the look-up: what it reads may be outdated by the time it ends.
    const begun = this.now();
    const lookUp: Promise<Bearer | null> = look()
      .then((found) => {
        if (this.underWay.get(key) === lookUp) this.keep(key, begun, found);
        return found?.bearer ?? null;
      })
      .finally(() => {
        if (this.underWay.get(key) === lookUp) this.underWay.delete(key);
      });
    this.underWay.set(key, lookUp);
    return lookUp;
  }

  private keep(key: string, begun: number, found: FoundBearer | null): void {
    // Last in order, so that the first is the oldest.
    this.entries.delete(key);
    if (!found) return;
    if (this.entries.size >= MAX_ENTRIES) this.entries.delete(this.entries.keys().next().value as string);
    const expiresAt = begun + Math.min(MAX_AGE_MS, found.validMs ?? MAX_AGE_MS);
    this.entries.set(key, { bearer: found.bearer, expiresAt });
  }
}
