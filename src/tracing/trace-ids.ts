import { parse, v5 as uuidv5 } from 'uuid';

// The namespace of the traces of ticks. Never changes: all replicas must agree, old releases and new.
const TICK_NAMESPACE = parse('1c1f53a7-5b0e-5d55-9d2c-0a6a6a1e7c41');

/** What names a span: 32 and 16 hex digits. */
export interface SpanIds {
  traceId: string;
  spanId: string;
}

/**
 * The span that a delivery is from its tick to its end. Its trace is the delivery's id, so that all replicas that make
 * attempts at it write to the same one, and nothing needs to be stored.
 *
 * @param round attempts made before it was requeued; each round is a span of its own
 */
export function deliverySpan(deliveryId: string, round: number): SpanIds {
  const traceId = hexOf(deliveryId);
  // The middle of a UUID has its variant, and so is never all zeros, which no id may be.
  return { traceId, spanId: traceId.slice(16, 28) + (round & 0xffff).toString(16).padStart(4, '0') };
}

/** The span of a schedule's creation, in a trace of its own, that its requests and deliveries link to. */
export function scheduleSpan(scheduleId: string): SpanIds {
  const traceId = hexOf(scheduleId);
  return { traceId, spanId: traceId.slice(16) };
}

/** The span of the taking of a tick, the parent of its fan-out. */
export function tickSpan(triggerId: string, tick: Date): SpanIds {
  const traceId = hexOf(uuidv5(Buffer.from(`${triggerId}/${tick.toISOString()}`), TICK_NAMESPACE));
  return { traceId, spanId: traceId.slice(16) };
}

function hexOf(uuid: string): string {
  return uuid.replaceAll('-', '');
}
