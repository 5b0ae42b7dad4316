import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import type { Config } from './config/config.js';
import { ShutdownIndicator } from './health/indicators.js';

// Beyond the longest attempt, for its verdict and the rest of the shutdown.
const SHUTDOWN_GRACE_MS = 30_000;

/**
 * Stops the service: at once not ready, then, after `SHUTDOWN_DELAY` in which whoever sends requests learns of it, no
 * new work; what is in flight is finished and recorded. The process ends by itself should that take too long.
 */
export async function shutDown(app: INestApplicationContext, config: Config): Promise<void> {
  const { shutdownDelayMs } = config.http;
  setTimeout(() => process.exit(1), shutdownDelayMs + config.delivery.requestTimeoutMs + SHUTDOWN_GRACE_MS).unref();
  app.get(ShutdownIndicator).begin();
  if (shutdownDelayMs > 0) await delay(shutdownDelayMs);
  await app.close();
}
