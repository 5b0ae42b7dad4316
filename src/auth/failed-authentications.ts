import { Inject, Injectable } from '@nestjs/common';
import { InjectThrottlerStorage } from '@nestjs/throttler';
import { Counter, type Registry } from 'prom-client';
import { CONFIG, type Config } from '../config/config.js';
import { BoundedThrottlerStorage } from '../http/bounded-throttler-storage.js';
import { NotAuthenticatedError, ThrottledError } from '../http/domain-error.js';
import { PROMETHEUS } from '../metrics/prometheus.js';

const WINDOW_MS = 60_000;

/**
 * Counts failed authentications, and limits them by client: beyond the limit an invalid token is answered 429 instead of
 * 401. A valid one never is, whatever else comes from its address: that may be a proxy's, and everybody's.
 */
@Injectable()
export class FailedAuthentications {
  private readonly limit: number;
  private readonly counter: Counter;

  constructor(
    @Inject(CONFIG) config: Config,
    @InjectThrottlerStorage() private readonly storage: BoundedThrottlerStorage,
    @Inject(PROMETHEUS) registry: Registry,
  ) {
    this.limit = config.limits.failedAuthenticationsPerMinute;
    this.counter = new Counter({
      name: 'seed_scheduler_failed_authentications_total',
      help: 'Requests refused for want of a valid token: missing, invalid, or invalid and beyond the limit.',
      labelNames: ['reason'],
      registers: [registry],
    });
    for (const reason of ['missing', 'invalid', 'throttled']) this.counter.inc({ reason }, 0);
  }

  /** Counts a token of this client that proved invalid. @returns what the client is answered */
  refusalOf(client: string): NotAuthenticatedError | ThrottledError {
    if (this.limit === 0) return NotAuthenticatedError.invalid();
    const { hits, endsInMs } = this.counters.hit(client, WINDOW_MS);
    return hits > this.limit ? new ThrottledError(endsInMs / 1000) : NotAuthenticatedError.invalid();
  }

  /** Counts a refusal for Prometheus; other errors are none. */
  tell(error: Error): void {
    if (error instanceof ThrottledError) this.counter.inc({ reason: 'throttled' });
    else if (error instanceof NotAuthenticatedError) this.counter.inc({ reason: error.reason });
  }

  private get counters() {
    return this.storage.of('failed-authentications');
  }
}
