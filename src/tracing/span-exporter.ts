import {
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { Logger } from '@nestjs/common';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Config } from '../config/config.js';
import { REPLICA } from '../config/replica.js';
import { VERSION } from '../config/version.js';
import { SpanChoice } from './span-choice.js';
import type { SpanOptions } from './span-options.js';
import type { SpanIds } from './trace-ids.js';

type TracingConfig = Config['tracing'];

const EXPORT_INTERVAL_MS = 1_000;
const EXPORT_TIMEOUT_MS = 10_000;
/** Beyond so many that wait, spans are dropped: the service itself never waits for the collector. */
const MAX_WAITING_SPANS = 8_192;
const MAX_BATCH = 512;
const COMPLAINT_INTERVAL_MS = 60_000;

/** Makes spans and sends them to a collector, by OTLP over HTTP in JSON. Loaded only where traces are on. */
export class SpanExporter {
  private readonly choice: SpanChoice;
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;

  constructor({ otlpEndpoint, serviceName, sampler, samplerRatio }: TracingConfig) {
    tellOfFailures();
    this.choice = new SpanChoice(samplerOf(sampler, samplerRatio));
    const exporter = new OTLPTraceExporter({ url: `${otlpEndpoint}/v1/traces`, timeoutMillis: EXPORT_TIMEOUT_MS });
    this.provider = new TracerProvider({
      sampler: this.choice,
      idGenerator: this.choice,
      resource: resourceFromAttributes({
        'service.name': serviceName,
        'service.version': VERSION,
        'service.instance.id': REPLICA,
      }),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter,
          scheduledDelayMillis: EXPORT_INTERVAL_MS,
          exportTimeoutMillis: EXPORT_TIMEOUT_MS,
          maxQueueSize: MAX_WAITING_SPANS,
          maxExportBatchSize: MAX_BATCH,
        }),
      ],
    });
    this.tracer = this.provider.getTracer('seed-scheduler', VERSION);
  }

  start(name: string, { kind, parent, ids, isSampled, startTime, attributes, links = [] }: SpanOptions): Span {
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const options = {
      kind: SpanKind[kind ?? 'INTERNAL'],
      startTime,
      attributes,
      links: links.map((link) => ({ context: this.contextOf(link) })),
    };
    return this.choice.during({ ids, isSampled }, () => this.tracer.startSpan(name, options, context));
  }

  /** The context of a span that is known by its ids only, sampled as every replica samples it. */
  contextOf({ traceId, spanId }: SpanIds): SpanContext {
    const { decision } = this.choice.shouldSample(ROOT_CONTEXT, traceId, '', SpanKind.INTERNAL, {}, []);
    return { traceId, spanId, traceFlags: decision === SamplingDecision.RECORD_AND_SAMPLED ? 1 : 0, isRemote: true };
  }

  /** Sends what is left. */
  async shutdown(): Promise<void> {
    await this.provider.shutdown();
  }
}

function samplerOf(name: TracingConfig['sampler'], ratio: number): Sampler {
  if (name.startsWith('parentbased_')) {
    return new ParentBasedSampler({ root: samplerOf(name.slice('parentbased_'.length) as typeof name, ratio) });
  }
  if (name === 'always_on') return new AlwaysOnSampler();
  if (name === 'always_off') return new AlwaysOffSampler();
  return new TraceIdRatioBasedSampler(ratio);
}

/** The SDK is silent by itself. A collector that is away is told of once a minute, not for each batch. */
function tellOfFailures(): void {
  const logger = new Logger('Traces');
  let lastAt = -Infinity;
  const complain = (message: string) => {
    if (performance.now() - lastAt < COMPLAINT_INTERVAL_MS) return;
    lastAt = performance.now();
    logger.warn(`spans are lost: ${message}`);
  };
  const ignore = () => {};
  diag.setLogger(
    { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
