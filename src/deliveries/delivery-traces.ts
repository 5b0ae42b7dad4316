import { Injectable } from '@nestjs/common';
import { deliverySpan, scheduleSpan, tickSpan } from '../tracing/trace-ids.js';
import { type Span, type SpanContext, Tracing } from '../tracing/tracing.js';
import type { AttemptResult } from './decision.js';
import type { LeasedDelivery } from './delivery.js';
import type { DeliveryTarget } from './delivery-targets.js';

/** As in the API of OpenTelemetry, whose package is not to be loaded where traces are off. */
const SPAN_STATUS_ERROR = 2;
const SAMPLED = 1;
/** Deliveries that the span of a batch links to. */
const MAX_LINKS = 100;

interface Settled {
  delivery: LeasedDelivery;
  decision: { kind: string };
  fault?: string;
}

/**
 * What traces show of deliveries. The trace of a delivery has its id: a span from the tick to the end, and within it the
 * wait in the queue and each attempt, whichever replica made it.
 */
@Injectable()
export class DeliveryTraces {
  constructor(private readonly tracing: Tracing) {}

  /** @returns null when traces are off */
  startAttempt(delivery: LeasedDelivery, target: DeliveryTarget): Span | null {
    if (!this.tracing.isOn) return null;
    const parent = this.contextOf(delivery);
    // Its receiver is told that it is not recorded; nobody reads the rest.
    if (!isSampled(parent)) return this.tracing.start('attempt', { parent });
    if (delivery.attempt === delivery.attemptsBefore + 1) {
      this.tracing.record('queue', { parent, startTime: startOf(delivery) });
    }
    return this.tracing.start('attempt', {
      kind: 'CLIENT',
      parent,
      attributes: {
        ...attributesOf(delivery),
        'http.request.method': 'POST',
        'server.address': target.origin,
        'seed.attempt': delivery.attempt,
      },
      links: [tickSpan(target.triggerId, delivery.tick), scheduleSpan(delivery.scheduleId)],
    });
  }

  endAttempt(span: Span, { status, error, isResent }: AttemptResult, decision: string): void {
    if (status !== null) span.setAttribute('http.response.status_code', status);
    if (error !== null) span.setAttribute('error.type', error);
    if (isResent) span.setAttribute('http.request.resend_count', 1);
    if (decision !== 'delivered') span.setStatus({ code: SPAN_STATUS_ERROR });
    span.setAttribute('seed.decision', decision);
    span.end();
  }

  /** @param startedAt by this host's clock */
  recordLease(deliveries: LeasedDelivery[], startedAt: Date): void {
    this.recordBatch('lease', deliveries, startedAt);
  }

  /** The writing of a batch, and the deliveries that have ended with it. */
  recordSettlement(settled: Settled[], startedAt: Date): void {
    if (!this.tracing.isOn) return;
    this.recordBatch(
      'settle',
      settled.map(({ delivery }) => delivery),
      startedAt,
    );
    for (const verdict of settled) this.recordEnd(verdict);
  }

  private recordEnd({ delivery, decision, fault }: Settled): void {
    if (decision.kind === 'retry' || !isSampled(this.contextOf(delivery))) return;
    const span = this.tracing.start('delivery', {
      ids: deliverySpan(delivery.id, delivery.attemptsBefore),
      startTime: startOf(delivery),
      attributes: { ...attributesOf(delivery), 'seed.attempts': delivery.attempt, 'seed.outcome': decision.kind },
      links: [scheduleSpan(delivery.scheduleId)],
    });
    if (decision.kind === 'failed') span?.setStatus({ code: SPAN_STATUS_ERROR, message: fault });
    span?.end();
  }

  private recordBatch(name: string, deliveries: LeasedDelivery[], startTime: Date): void {
    if (!this.tracing.isOn || deliveries.length === 0) return;
    const links = deliveries.slice(0, MAX_LINKS).map(({ id, attemptsBefore }) => deliverySpan(id, attemptsBefore));
    this.tracing.record(name, { startTime, links, attributes: { 'seed.deliveries': deliveries.length } });
  }

  private contextOf({ id, attemptsBefore }: LeasedDelivery): SpanContext | undefined {
    return this.tracing.contextOf(deliverySpan(id, attemptsBefore));
  }
}

function isSampled(context: SpanContext | undefined): boolean {
  return context !== undefined && (context.traceFlags & SAMPLED) !== 0;
}

/** When the delivery, or this round of attempts at it, began. */
function startOf({ tick, requeuedAt }: LeasedDelivery): Date {
  return requeuedAt ?? tick;
}

function attributesOf({ id, scheduleId, tick }: LeasedDelivery): Record<string, string> {
  return { 'seed.delivery.id': id, 'seed.schedule.id': scheduleId, 'seed.tick': tick.toISOString() };
}
