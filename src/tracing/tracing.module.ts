import { Global, Module } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { Tracing } from './tracing.js';

/** Traces for OpenTelemetry. The SDK is loaded only when a collector is configured. */
@Global()
@Module({
  providers: [
    {
      provide: Tracing,
      inject: [CONFIG],
      useFactory: async ({ tracing }: Config) => {
        if (!tracing.otlpEndpoint) return new Tracing(null);
        const { SpanExporter } = await import('./span-exporter.js');
        return new Tracing(new SpanExporter(tracing));
      },
    },
  ],
  exports: [Tracing],
})
export class TracingModule {}
