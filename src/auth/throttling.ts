import { ThrottlerModule } from '@nestjs/throttler';
import { CONFIG, type Config } from '../config/config.js';
import { BoundedThrottlerStorage } from '../http/bounded-throttler-storage.js';

const WINDOW_MS = 60_000;

/** What TokenRateGuard limits by; a limit of 0 is none. */
export const throttling = ThrottlerModule.forRootAsync({
  inject: [CONFIG],
  useFactory: ({ limits }: Config) => ({
    throttlers: [{ name: 'token', ttl: WINDOW_MS, limit: limits.requestsPerTokenPerMinute }],
    skipIf: () => limits.requestsPerTokenPerMinute === 0,
    setHeaders: false,
    storage: new BoundedThrottlerStorage(),
  }),
});
