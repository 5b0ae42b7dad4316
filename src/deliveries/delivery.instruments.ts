import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { readGauge } from '../metrics/gauge.js';
import { PROMETHEUS } from '../metrics/prometheus.js';
import { ScheduledMetrics } from '../metrics/scheduled-metrics.js';
import { type Outcome, OUTCOMES } from './attempt.entity.js';
import type { AttemptResult } from './decision.js';
import type { QueueDepth } from './delivery-queue.js';

const COUNTED_STATUSES = [400, 401, 403, 404, 500];
const TASK = 'scheduler.deliver_task';

/** What is counted of deliveries: for Prometheus, and under the keys of the replaced service. */
@Injectable()
export class DeliveryInstruments {
  private readonly lateness: Histogram;
  private readonly deliveries: Counter<'outcome'>;
  private readonly attempts: Counter<'class'>;
  private readonly resent: Counter;
  private readonly duration: Histogram;
  private readonly depth: Gauge<'state'>;
  private oldestReadySeconds = 0;
  private inFlight = 0;

  constructor(
    @Inject(PROMETHEUS) private readonly registry: Registry,
    private readonly metrics: ScheduledMetrics,
  ) {
    const registers = [registry];
    this.lateness = new Histogram({
      name: 'seed_scheduler_delivery_lateness_seconds',
      help: 'From a tick to the start of the first attempt of its delivery.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600],
      registers,
    });
    this.deliveries = new Counter({
      name: 'seed_scheduler_deliveries_total',
      help: 'Deliveries that ended, by outcome.',
      labelNames: ['outcome'],
      registers,
    });
    // From 0, so that the first of a kind is an increase.
    for (const outcome of OUTCOMES) this.deliveries.inc({ outcome }, 0);
    this.attempts = new Counter({
      name: 'seed_scheduler_attempts_total',
      help: 'POSTs made, by class of status (2xx, ...) or of error (timeout, ...).',
      labelNames: ['class'],
      registers,
    });
    this.resent = new Counter({
      name: 'seed_scheduler_resent_requests_total',
      help: 'Requests sent again within their attempt, because the receiver had closed the kept connection.',
      registers,
    });
    this.duration = new Histogram({
      name: 'seed_scheduler_attempt_duration_seconds',
      help: 'From the start of a POST to its answer, or to its end without one.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    });
    this.depth = new Gauge({
      name: 'seed_scheduler_queue_depth',
      help: 'Deliveries in the queue: ready, deferred (waiting for a retry) and active, up to 15 s ago.',
      labelNames: ['state'],
      registers,
    });
    this.gauge(
      'seed_scheduler_queue_oldest_ready_seconds',
      'How long the oldest ready delivery has waited, up to 15 s ago; those of open origins wait too.',
      () => this.oldestReadySeconds,
    );
    this.gauge('seed_scheduler_attempts_in_flight', 'POSTs of this replica that wait for their answer.', () => {
      return this.inFlight;
    });
    const statuses = COUNTED_STATUSES.map((status) => `${TASK}.http_error.${status}.sum`);
    metrics.define(`${TASK}.connection_error.sum`, `${TASK}.timeout.sum`, ...statuses);
    metrics.define(...OUTCOMES.map((outcome) => `${TASK}.${outcome}.sum`));
  }

  /** @param read how many verdicts this replica has yet to write */
  showUnwritten(read: () => number): void {
    this.gauge('seed_scheduler_verdicts_unwritten', 'Verdicts of this replica that are not in the database yet.', read);
  }

  countStart(): void {
    this.inFlight += 1;
  }

  /** Of one that was counted at its start. */
  countAttempt({ status, error, durationMs, isResent }: AttemptResult, attempt: number, latenessMs: number): void {
    this.inFlight -= 1;
    this.duration.observe(durationMs / 1000);
    this.attempts.inc({ class: status === null ? (error ?? 'unknown') : `${Math.floor(status / 100)}xx` });
    if (isResent) this.resent.inc();
    if (attempt === 1) this.lateness.observe(Math.max(0, latenessMs) / 1000);
    if (status !== null) this.metrics.increment(`${TASK}.http_error.${status}.sum`);
    else this.metrics.increment(error === 'timeout' ? `${TASK}.timeout.sum` : `${TASK}.connection_error.sum`);
  }

  countOutcome(outcome: Outcome, amount = 1): void {
    this.deliveries.inc({ outcome }, amount);
    this.metrics.increment(`${TASK}.${outcome}.sum`, amount);
  }

  showDepth({ ready, deferred, active, oldestReadySeconds }: QueueDepth): void {
    this.oldestReadySeconds = oldestReadySeconds;
    this.depth.set({ state: 'ready' }, ready);
    this.depth.set({ state: 'deferred' }, deferred);
    this.depth.set({ state: 'active' }, active);
  }

  private gauge(name: string, help: string, read: () => number): void {
    readGauge({ name, help, registry: this.registry }, read);
  }
}
