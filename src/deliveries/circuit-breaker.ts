import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Gauge, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { PROMETHEUS } from '../metrics/prometheus.js';
import { WorkLoop } from '../queue/work-loop.js';
import { FAILING_ORIGINS, RECORD_RESULTS } from './origins.queries.js';
import { isAlive } from './decision.js';

/** Failures in a row that open the breaker of an origin. */
const FAILURES_TO_OPEN = 10;
/** Seconds from the opening, or from a probe that failed, to the next probe. */
export const PROBE_AFTER_SECONDS = 30;
const REFRESH_INTERVAL_MS = 1_000;

interface Results {
  /** since the last answer, or since what was recorded last */
  failures: number;
  wasAnswered: boolean;
}

/**
 * Holds back the deliveries of origins that do not answer. Counts what comes of attempts here, and adds it up with the
 * other replicas' in the database, where leasing looks: deliveries of an open origin stay in the queue, but for one
 * probe at a time.
 */
@Injectable()
export class CircuitBreaker {
  private results = new Map<number, Results>();
  /** failures in a row as far as they are known here; an origin that is healthy has no entry */
  private readonly failing = new Map<number, number>();
  /** opened here, and not recorded yet */
  private readonly opening = new Set<number>();
  private readonly recording = new WorkLoop(CircuitBreaker.name, () => this.exchange(), REFRESH_INTERVAL_MS);
  private openCount = 0;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(PROMETHEUS) registry: Registry,
  ) {
    const openCount = () => this.openCount;
    new Gauge({
      name: 'seed_scheduler_open_origins',
      help: 'Origins whose circuit breaker is open: their deliveries are held back, but for a probe every 30 s.',
      registers: [registry],
      collect() {
        this.set(openCount());
      },
    });
  }

  start(): void {
    this.recording.start();
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    await this.recording.stop();
    await this.exchange();
  }

  /** @returns whether the origin is to be held back from now on */
  record(originId: number, result: { status: number | null }): boolean {
    const isAnswer = isAlive(result);
    const known = this.failing.get(originId) ?? 0;
    if (isAnswer && known === 0) return false;
    const counted = this.results.get(originId) ?? { failures: 0, wasAnswered: false };
    this.results.set(
      originId,
      isAnswer ? { failures: 0, wasAnswered: true } : { ...counted, failures: counted.failures + 1 },
    );
    if (isAnswer) this.failing.delete(originId);
    else this.failing.set(originId, known + 1);
    const opens = !isAnswer && known + 1 >= FAILURES_TO_OPEN;
    if (opens) this.opening.add(originId);
    if (opens || isAnswer) this.recording.wake();
    return opens;
  }

  /** Origins that the database does not know to be open yet. */
  get heldBack(): Iterable<number> {
    return this.opening;
  }

  private async exchange(): Promise<false> {
    const taken = [...this.results];
    const opened = [...this.opening];
    this.results = new Map();
    try {
      if (taken.length > 0) {
        await this.dataSource.query(RECORD_RESULTS, [
          taken.map(([id]) => id),
          taken.map(([, { failures }]) => failures),
          taken.map(([, { wasAnswered }]) => wasAnswered),
          FAILURES_TO_OPEN,
          PROBE_AFTER_SECONDS,
        ]);
      }
    } catch (error) {
      for (const [id, before] of taken) this.results.set(id, inSequence(before, this.results.get(id)));
      throw error;
    }
    for (const id of opened) this.opening.delete(id);
    await this.refresh();
    return false;
  }

  /** Other replicas' failures count here too. What is not recorded yet comes on top. */
  private async refresh(): Promise<void> {
    const rows = await this.dataSource.query<{ id: number; failures: number; is_open: boolean }[]>(FAILING_ORIGINS);
    this.openCount = rows.filter(({ is_open }) => is_open).length;
    this.failing.clear();
    for (const { id, failures } of rows) this.failing.set(id, failures);
    for (const [id, { failures, wasAnswered }] of this.results) {
      this.failing.set(id, failures + (wasAnswered ? 0 : (this.failing.get(id) ?? 0)));
    }
  }
}

function inSequence(before: Results, after: Results | undefined): Results {
  if (!after) return before;
  return after.wasAnswered ? after : { ...before, failures: before.failures + after.failures };
}
