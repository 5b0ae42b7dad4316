/** Refusals of one user that a replica records in a minute. */
const MAX_PER_MINUTE = 60;
const MINUTE_MS = 60_000;

/**
 * Bounds what one user can add to the log by asking for what it may not do.
 *
 * @param now milliseconds of a clock that never goes back
 */
export class DenialBudget {
  private minute = 0;
  private readonly spent = new Map<number, number>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Whether a refusal of this user is still to be recorded; counts it. */
  allows(userId: number): boolean {
    const minute = Math.floor(this.now() / MINUTE_MS);
    if (minute !== this.minute) this.spent.clear();
    this.minute = minute;
    const spent = (this.spent.get(userId) ?? 0) + 1;
    this.spent.set(userId, spent);
    return spent <= MAX_PER_MINUTE;
  }
}
