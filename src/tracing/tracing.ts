import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Span, SpanContext } from '@opentelemetry/api';
import type { SpanExporter } from './span-exporter.js';
import type { SpanOptions } from './span-options.js';
import type { SpanIds } from './trace-ids.js';

export type { Span, SpanContext };

const LAST_EXPORT_MS = 3_000;

/**
 * Spans for OpenTelemetry, when a collector is configured. Off otherwise: then nothing is made and nothing costs.
 *
 * Never put into a span: payloads, tokens, query strings, and of endpoints more than the origin.
 */
@Injectable()
export class Tracing implements OnApplicationShutdown {
  constructor(private readonly exporter: SpanExporter | null) {}

  get isOn(): boolean {
    return this.exporter !== null;
  }

  /** Starts a span, which is to be ended. @returns null when traces are off */
  start(name: string, options: SpanOptions): Span | null {
    return this.exporter?.start(name, options) ?? null;
  }

  /** Records a span that ends now. */
  record(name: string, options: SpanOptions): void {
    this.exporter?.start(name, options).end();
  }

  /** The context of a span that this or another replica records, for its children. */
  contextOf(ids: SpanIds): SpanContext | undefined {
    return this.exporter?.contextOf(ids);
  }

  /** A collector that does not answer holds up no shutdown. */
  async onApplicationShutdown(): Promise<void> {
    if (this.exporter) await Promise.race([this.exporter.shutdown().catch(() => {}), delay(LAST_EXPORT_MS)]);
  }
}
