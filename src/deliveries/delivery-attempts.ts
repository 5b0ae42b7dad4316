import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CONFIG, type Config } from '../config/config.js';
import { type AttemptResult, type Decision, decide } from './decision.js';
import type { LeasedDelivery } from './delivery.js';
import { traceFields } from '../tracing/trace-fields.js';
import { traceparentOf } from '../tracing/traceparent.js';
import type { Span } from '../tracing/tracing.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { DeliverySender } from './delivery-sender.js';
import type { DeliveryTarget } from './delivery-targets.js';
import { DeliveryTraces } from './delivery-traces.js';
import type { Verdict } from './settlement.js';

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

  /** Never throws: whatever comes of the POST is a verdict. */
  async make(delivery: LeasedDelivery, target: DeliveryTarget): Promise<Verdict & { result: AttemptResult }> {
    const latenessMs = Date.now() - delivery.tick.getTime();
    this.instruments.countStart();
    const span = this.traces.startAttempt(delivery, target);
    const result = await this.sender.send(delivery, target, span && traceparentOf(span.spanContext()));
    const maxAttempts = delivery.attemptsBefore + this.config.delivery.maxAttempts;
    const decision = decide(result, delivery.attempt, maxAttempts, Math.random);
    this.instruments.countAttempt(result, delivery.attempt, latenessMs);
    if (span) this.traces.endAttempt(span, result, decision.kind);
    this.note({ delivery, target, decision, result, latenessMs, span });
    return { delivery, decision, result, originId: target.originId };
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
      origin: new URL(target.endpoint).origin,
      ...traceFields(span),
    });
  }
}
