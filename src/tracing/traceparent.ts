import type { SpanContext } from '@opentelemetry/api';

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** @returns null for what is not a `traceparent` by W3C Trace Context: it is ignored then, as the standard asks */
export function parseTraceparent(header: unknown): SpanContext | null {
  const [, version, traceId, spanId, flags, rest] = (typeof header === 'string' && TRACEPARENT.exec(header)) || [];
  if (!traceId || !spanId || !flags || (version === '00' && rest !== undefined)) return null;
  return { traceId, spanId, traceFlags: parseInt(flags, 16) & 1, isRemote: true };
}

export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & 1}`;
}
