import type { Principal } from '../http/access.decorators.js';

/** A token that was revoked is refused by every replica within this time; the promise to users is 5 s. */
const MAX_AGE_MS = 3_000;
const MAX_ENTRIES = 10_000;

interface Entry {
  principal: Promise<Principal | null>;
  expiresAt: number;
}

/**
 * Whom tokens stand for, remembered for three seconds, so that a busy client is not looked up for each request. Calls
 * that come while a look-up is under way share it. What nobody is known by, or what failed, is not remembered.
 *
 * @param now milliseconds of a clock that never goes back
 */
export class PrincipalCache {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @param key of the token; not the token itself, which is not kept in memory */
  async get(key: string, look: () => Promise<Principal | null>): Promise<Principal | null> {
    const kept = this.entries.get(key);
    if (kept && kept.expiresAt > this.now()) return kept.principal;
    // Begun before the look-up: what it reads may be outdated by the time it ends.
    const entry = { principal: look(), expiresAt: this.now() + MAX_AGE_MS };
    this.keep(key, entry);
    const principal = await entry.principal.catch((error: unknown) => {
      this.forget(key, entry);
      throw error;
    });
    if (!principal) this.forget(key, entry);
    return principal;
  }

  private keep(key: string, entry: Entry): void {
    // Last in order, so that the first is the oldest.
    this.entries.delete(key);
    if (this.entries.size >= MAX_ENTRIES) this.entries.delete(this.entries.keys().next().value as string);
    this.entries.set(key, entry);
  }

  private forget(key: string, entry: Entry): void {
    if (this.entries.get(key) === entry) this.entries.delete(key);
  }
}
