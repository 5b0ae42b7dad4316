/** What was counted for a key in its window. */
export interface WindowCount {
  hits: number;
  /** milliseconds until the window ends and counting begins anew */
  endsInMs: number;
}

interface Window {
  hits: number;
  endsAt: number;
}

const NOTHING: WindowCount = { hits: 0, endsInMs: 0 };

/**
 * Counts events by key in windows of fixed length, each of which begins with a key's first event. The number of keys has
 * a bound, whatever comes: beyond it the window that began first is forgotten.
 *
 * @param now milliseconds of a clock that never goes back
 */
export class WindowCounters {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly maxKeys: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts one event. */
  hit(key: string, windowMs: number): WindowCount {
    const now = this.now();
    let window = this.windows.get(key);
    if (!window || window.endsAt <= now) {
      window = { hits: 0, endsAt: now + windowMs };
      this.begin(key, window);
    }
    window.hits++;
    return { hits: window.hits, endsInMs: window.endsAt - now };
  }

  /** What was counted so far. */
  peek(key: string): WindowCount {
    const window = this.windows.get(key);
    const endsInMs = window ? window.endsAt - this.now() : 0;
    return window && endsInMs > 0 ? { hits: window.hits, endsInMs } : NOTHING;
  }

  get size(): number {
    return this.windows.size;
  }

  private begin(key: string, window: Window): void {
    // Last in order, so that the first is the one that began first.
    this.windows.delete(key);
    if (this.windows.size >= this.maxKeys) this.windows.delete(this.windows.keys().next().value as string);
    this.windows.set(key, window);
  }
}
