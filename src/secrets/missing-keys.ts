import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Counter, type Registry } from 'prom-client';
import { readGauge } from '../metrics/gauge.js';
import { PROMETHEUS } from '../metrics/prometheus.js';
import { WorkLoop } from '../queue/work-loop.js';
import { KeyRegistry } from './key-registry.js';

const LOOK_INTERVAL_MS = 300_000;
/** The log repeats what became of secrets under a key at most so often. */
const SAY_INTERVAL_MS = 60_000;

/** What became of a delivery whose secrets this replica cannot open for lack of a key. */
export type Unopened = 'returned' | 'failed';

/** Raises the alarm when secrets are sealed under a key that this replica does not have: in the log and in metrics. */
@Injectable()
export class MissingKeys implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(MissingKeys.name);
  private readonly looking = new WorkLoop(MissingKeys.name, () => this.look(), LOOK_INTERVAL_MS);
  private readonly unopened: Counter<'outcome'>;
  private readonly saidAt = new Map<string, number>();
  private count = 0;

  constructor(
    private readonly registry: KeyRegistry,
    @Inject(PROMETHEUS) prometheus: Registry,
  ) {
    this.unopened = new Counter({
      name: 'seed_scheduler_unopened_secrets_total',
      help: 'Schedules whose secrets could not be opened for lack of a key, by what became of their deliveries.',
      labelNames: ['outcome'],
      registers: [prometheus],
    });
    for (const outcome of ['returned', 'failed'] as const) this.unopened.inc({ outcome }, 0);
    readGauge(
      {
        name: 'seed_scheduler_missing_secret_keys',
        help: 'Keys that stored secrets are sealed under and that this replica does not have, up to 5 min ago.',
        registry: prometheus,
      },
      () => this.count,
    );
  }

  onApplicationBootstrap(): void {
    this.looking.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.looking.stop();
  }

  /** Counts and logs that deliveries of a schedule need a key that this replica does not have. */
  report(keyId: string, outcome: Unopened): void {
    this.unopened.inc({ outcome });
    const then = outcome === 'returned' ? 'it goes back to the queue for another replica' : 'it fails';
    this.say(outcome, [keyId], `a delivery needs secret key ${keyId}, which is not configured here: ${then}`);
  }

  private async look(): Promise<false> {
    const missing = await this.registry.missing().catch((error: Error) => {
      // It reads whole tables: not again in a second.
      this.logger.warn(`could not look for missing secret keys: ${error.message}`);
      return null;
    });
    if (!missing) return false;
    this.count = missing.length;
    if (missing.length > 0) {
      const keys = missing.join(', ');
      this.say(
        'found',
        missing,
        `secrets are sealed under key ${keys}, which is not configured here: see SECRET_KEY_FALLBACKS`,
      );
    }
    return false;
  }

  /** By occasion, so that a delivery that fails is reported although another one was returned a moment ago. */
  private say(occasion: Unopened | 'found', keyIds: string[], message: string): void {
    const now = performance.now();
    const names = keyIds.map((id) => `${occasion} ${id}`);
    if (names.every((name) => now - (this.saidAt.get(name) ?? -Infinity) < SAY_INTERVAL_MS)) return;
    // Damaged values name keys that never were: there can be any number of them.
    if (this.saidAt.size > 1_000) this.saidAt.clear();
    for (const name of names) this.saidAt.set(name, now);
    this.logger.error(message);
  }
}
