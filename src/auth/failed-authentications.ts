import { Inject, Injectable } from '@nestjs/common';
import { InjectThrottlerStorage } from '@nestjs/throttler';
import { Counter, type Registry } from 'prom-client';
import { CONFIG, type Config } from '../config/config.js';
import { BoundedThrottlerStorage } from '../http/bounded-throttler-storage.js';
import { NotAuthenticatedError, ThrottledError } from '../http/domain-error.js';
import { PROMETHEUS } from '../metrics/prometheus.js';

const WINDOW_MS = 60_000;

interface Guesses {
  underWay: number;
  waiting: (() => void)[];
}

/** Counts failed authentications, and limits them by client: beyond the limit no token is looked up. */
@Injectable()
export class FailedAuthentications {
  private readonly limit: number;
  private readonly counter: Counter;
  private readonly guesses = new Map<string, Guesses>();

  constructor(
    @Inject(CONFIG) config: Config,
    @InjectThrottlerStorage() private readonly storage: BoundedThrottlerStorage,
    @Inject(PROMETHEUS) registry: Registry,
  ) {
    this.limit = config.limits.failedAuthenticationsPerMinute;
    this.counter = new Counter({
      name: 'seed_scheduler_failed_authentications_total',
      help: 'Requests refused for want of a valid token: missing, invalid, or not looked at since there were too many.',
      labelNames: ['reason'],
      registers: [registry],
    });
    for (const reason of ['missing', 'invalid', 'throttled']) this.counter.inc({ reason }, 0);
  }

  /**
   * Looks up a token that may be a guess, unless its client has failed too often within a minute.
   *
   * Guesses under way count as failures until they end, and others wait for them: so that many at once get no further
   * than many in turn.
   *
   * @returns what `look` does; nothing counts as a failure
   * @throws ThrottledError
   */
  async watch<T>(client: string, look: () => Promise<T | null>): Promise<T | null> {
    if (this.limit === 0) return look();
    await this.admit(client);
    try {
      const found = await look();
      if (found === null) this.counters.hit(client, WINDOW_MS);
      return found;
    } finally {
      this.release(client);
    }
  }

  /** Counts a refusal for Prometheus; other errors are none. */
  tell(error: Error): void {
    if (error instanceof ThrottledError) this.counter.inc({ reason: 'throttled' });
    else if (error instanceof NotAuthenticatedError) this.counter.inc({ reason: error.reason });
  }

  private get counters() {
    return this.storage.of('failed-authentications');
  }

  private async admit(client: string): Promise<void> {
    for (;;) {
      const { hits, endsInMs } = this.counters.peek(client);
      if (hits >= this.limit) throw new ThrottledError(endsInMs / 1000);
      const guesses = this.guesses.get(client) ?? { underWay: 0, waiting: [] };
      this.guesses.set(client, guesses);
      if (hits + guesses.underWay < this.limit) {
        guesses.underWay++;
        return;
      }
      await new Promise<void>((resolve) => guesses.waiting.push(resolve));
    }
  }

  private release(client: string): void {
    const guesses = this.guesses.get(client);
    if (!guesses) return;
    guesses.underWay--;
    const waiting = guesses.waiting.splice(0);
    if (guesses.underWay === 0) this.guesses.delete(client);
    for (const proceed of waiting) proceed();
  }
}
