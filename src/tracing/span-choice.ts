import type { Attributes, Context, Link, SpanKind } from '@opentelemetry/api';
import {
  type IdGenerator,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
} from '@opentelemetry/sdk-trace';
import type { SpanIds } from './trace-ids.js';

/** What is not left to the SDK of a span that is about to be started. */
export interface Choice {
  ids?: SpanIds;
  isSampled?: boolean;
}

/** Lets the ids, and the sampling, of one span be chosen, for an SDK that asks for them while it starts the span. */
export class SpanChoice implements IdGenerator, Sampler {
  private readonly random = new RandomIdGenerator();
  private choice: Choice = {};

  constructor(private readonly sampler: Sampler) {}

  /** @param start starts the span, synchronously */
  during<T>(choice: Choice, start: () => T): T {
    this.choice = choice;
    try {
      return start();
    } finally {
      this.choice = {};
    }
  }

  generateTraceId(): string {
    return this.choice.ids?.traceId ?? this.random.generateTraceId();
  }

  generateSpanId(): string {
    return this.choice.ids?.spanId ?? this.random.generateSpanId();
  }

  /** The parameters are those of the SDK's interface. */
  shouldSample(...asked: [Context, string, string, SpanKind, Attributes, Link[]]): SamplingResult {
    if (this.choice.isSampled === undefined) return this.sampler.shouldSample(...asked);
    return { decision: this.choice.isSampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
  }

  toString(): string {
    return this.sampler.toString();
  }
}
