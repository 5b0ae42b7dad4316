import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CONFIG, type Config } from '../config/config.js';
import { messageOf } from './attempt-error.js';
import { type AttemptResult, type Decision, decide } from './decision.js';
import type { LeasedDelivery } from './delivery.js';
import { traceFields } from '../tracing/trace-fields.js';
import { traceparentOf } from '../tracing/traceparent.js';
import type { Span } from '../tracing/tracing.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { LAST_ATTEMPT } from './delivery-queue.queries.js';
import { DeliverySender } from './delivery-sender.js';
import type { DeliveryTarget } from './delivery-targets.js';
import { DeliveryTraces } from './delivery-traces.js';
import type { Verdict } from './settlement.js';

export type AttemptVerdict = Verdict & { result: AttemptResult };

interface Note {
  delivery: LeasedDelivery;
  target: DeliveryTarget;
  decision: Decision;
  result: AttemptResult;
  latenessMs: number;
  span: Span | null;
}

/** Makes attempts: sends, decides what comes of it, counts and logs. */
@Injectable()
export class DeliveryAttempts {
  constructor(
    @InjectPinoLogger(DeliveryAttempts.name) private readonly log: PinoLogger,
    @Inject(CONFIG) private readonly config: Config,
    private readonly sender: DeliverySender,
    private readonly instruments: DeliveryInstruments,
    private readonly traces: DeliveryTraces,
  ) {}

  /**
   * Makes an attempt. Never throws: whatever happens on the way is part of the verdict, and what is only told of the
   * attempt (counts, spans, the log) cannot change it.
   */
  async make(delivery: LeasedDelivery, target: DeliveryTarget): Promise<AttemptVerdict> {
    const latenessMs = Date.now() - delivery.tick.getTime();
    const span = this.attempting(delivery, () => {
      this.instruments.countStart();
      return this.traces.startAttempt(delivery, target);
    });
    const result = await this.sender.send(delivery, target, span && traceparentOf(span.spanContext()));
    const decision = this.decideOn(result, delivery);
    this.attempting(delivery, () => {
      this.instruments.countAttempt(result, delivery.attempt, latenessMs);
      if (span) this.traces.endAttempt(span, result, decision.kind);
      this.note({ delivery, target, decision, result, latenessMs, span });
    });
    return { delivery, decision, result, originId: target.originId };
  }

  /** The verdict on an attempt that a fault of the service itself has ended. */
  broken(delivery: LeasedDelivery, startedAtMs: number, error: unknown): AttemptVerdict {
    this.complain(delivery, error);
    const durationMs = Math.round(performance.now() - startedAtMs);
    const failure = { status: null, error: 'internal_error', excerpt: messageOf(error), retryAfterSeconds: null };
    const result = { startedAtMs, durationMs, ...failure };
    return { delivery, decision: this.decideOn(result, delivery), result };
  }

  private decideOn(result: AttemptResult, { attempt, attemptsBefore }: LeasedDelivery): Decision {
    const maxAttempts = Math.min(LAST_ATTEMPT, attemptsBefore + this.config.delivery.maxAttempts);
    return decide(result, attempt, maxAttempts, Math.random);
  }

  private attempting<T>(delivery: LeasedDelivery, step: () => T): T | null {
    try {
      return step();
    } catch (error) {
      this.complain(delivery, error);
      return null;
    }
  }

  private complain(delivery: LeasedDelivery, error: unknown): void {
    const { id, scheduleId, attempt } = delivery;
    try {
      this.log.error({ msg: 'attempt broken', delivery: id, schedule: scheduleId, attempt, error: messageOf(error) });
    } catch {
      // A log that cannot be written ends nothing.
    }
  }

  /** One wide line per attempt; nothing of the payload, the token, or the endpoint's path. */
  private note({ delivery, target, decision, result, latenessMs, span }: Note): void {
    // Not even made up when nobody reads it.
    if (!this.log.logger.isLevelEnabled('info')) return;
    const { status, error, durationMs, isResent } = result;
    this.log.info({
      msg: 'attempt',
      delivery: delivery.id,
      schedule: delivery.scheduleId,
      tick: delivery.tick,
      attempt: delivery.attempt,
      decision: decision.kind,
      status,
      error,
      durationMs,
      ...(isResent && { resent: true }),
      latenessMs,
      origin: target.origin,
      ...traceFields(span),
    });
  }
}
