import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { WorkLoop } from '../queue/work-loop.js';

const FLUSH_INTERVAL_MS = 2_000;

// Each replica adds what it counted; keys in order, so that two replicas cannot deadlock.
const ADD_TOTALS = `
  INSERT INTO metric_totals (key, total)
  SELECT key, amount FROM unnest($1::text[], $2::bigint[]) AS counted (key, amount) ORDER BY key
  ON CONFLICT (key) DO UPDATE SET total = metric_totals.total + EXCLUDED.total`;

// What was counted since the last push that arrived.
const UNPUSHED = `SELECT key, total - pushed AS amount FROM metric_totals WHERE key = ANY($1)`;

const MARK_PUSHED = `
  UPDATE metric_totals t SET pushed = t.pushed + f.amount
    FROM unnest($1::text[], $2::bigint[]) AS f (key, amount) WHERE t.key = f.key`;

/** A metric's value, by its key. */
export type MetricValues = Record<string, number>;

/**
 * The metrics that are pushed: `….sum` keys count events, `….last` keys read a current value. Rooms define their own.
 *
 * Counts of all replicas are added up in the database every two seconds.
 */
@Injectable()
export class ScheduledMetrics implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly counts = new Map<string, number>();
  private readonly readers = new Map<string, () => Promise<number>>();
  private readonly loop = new WorkLoop(ScheduledMetrics.name, () => this.flush(), FLUSH_INTERVAL_MS);

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Makes countable keys known. */
  define(...keys: string[]): void {
    for (const key of keys) this.counts.set(key, 0);
  }

  /** Makes a key known whose value is read when it is pushed. */
  read(key: string, reader: () => Promise<number>): void {
    this.readers.set(key, reader);
  }

  /** @param key one that was defined; others are not counted */
  increment(key: string, amount = 1): void {
    const count = this.counts.get(key);
    if (count !== undefined) this.counts.set(key, count + amount);
  }

  available(): string[] {
    return [...this.counts.keys(), ...this.readers.keys()].sort();
  }

  /** For `….sum` keys the increase since the last push that was marked, for the others the value now. */
  async collect(): Promise<MetricValues> {
    await this.flush();
    const keys = [...this.counts.keys()];
    const rows = await this.dataSource.query<{ key: string; amount: string }[]>(UNPUSHED, [keys]);
    const values: MetricValues = Object.fromEntries(keys.map((key) => [key, 0]));
    for (const { key, amount } of rows) values[key] = Number(amount);
    for (const [key, reader] of this.readers) values[key] = await reader();
    return values;
  }

  /** Takes values for delivered, so that the next push starts from them. */
  async markPushed(values: MetricValues): Promise<void> {
    const sums = Object.entries(values).filter(([key]) => this.counts.has(key));
    await this.dataSource.query(MARK_PUSHED, [sums.map(([key]) => key), sums.map(([, amount]) => amount)]);
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
    await this.flush().catch(() => {});
  }

  private async flush(): Promise<false> {
    const counted = [...this.counts].filter(([, amount]) => amount > 0);
    if (counted.length === 0) return false;
    for (const [key] of counted) this.counts.set(key, 0);
    try {
      await this.dataSource.query(ADD_TOTALS, [counted.map(([key]) => key), counted.map(([, amount]) => amount)]);
    } catch (error) {
      for (const [key, amount] of counted) this.increment(key, amount);
      throw error;
    }
    return false;
  }
}
