import type { Attributes, SpanContext, SpanKind } from '@opentelemetry/api';
import type { SpanIds } from './trace-ids.js';

export interface SpanOptions {
  kind?: keyof typeof SpanKind;
  /** none: the root of a trace */
  parent?: SpanContext;
  /** of a root; without them they are random */
  ids?: SpanIds;
  /** without it the sampler decides, by the parent or the trace's id */
  isSampled?: boolean;
  startTime?: Date;
  attributes?: Attributes;
  links?: SpanIds[];
}
