import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { OutboundModule } from '../outbound/outbound.module.js';
import { HttpInstruments } from './http.instruments.js';
import { MetricTotal } from './metric-total.entity.js';
import { MetricsController, PrometheusController } from './metrics.controller.js';
import { MetricsPush } from './metrics-push.js';
import { PROMETHEUS, prometheusProvider } from './prometheus.js';
import { ReplicaInstruments } from './replica.instruments.js';
import { ScheduledMetrics } from './scheduled-metrics.js';

/** Counts what other rooms tell it, shows it to Prometheus and pushes it to a metrics service; knows no feature. */
@Module({
  imports: [TypeOrmModule.forFeature([MetricTotal]), OutboundModule],
  controllers: [MetricsController, PrometheusController],
  providers: [ScheduledMetrics, MetricsPush, HttpInstruments, ReplicaInstruments, prometheusProvider],
  exports: [ScheduledMetrics, PROMETHEUS],
})
export class MetricsModule {}
