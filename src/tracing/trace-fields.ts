import type { Span } from './tracing.js';

/** What a log line says of the span it belongs to; nothing when traces are off. */
export function traceFields(span: Span | null): { trace_id?: string; span_id?: string } {
  if (!span) return {};
  const { traceId, spanId } = span.spanContext();
  return { trace_id: traceId, span_id: spanId };
}
