import { Controller, Get, Header, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { Public } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { apiSchema } from '../http/api-schemas.js';
import { Audited } from '../http/audited.decorator.js';
import { AvailableMetricsDto, MetricsInitiatedDto } from './metrics.dto.js';
import { MetricsPush } from './metrics-push.js';
import { PROMETHEUS } from './prometheus.js';
import { ScheduledMetrics } from './scheduled-metrics.js';

@ApiTags('Helpers')
@Controller('api/metrics')
export class MetricsController {
  constructor(
    private readonly metrics: ScheduledMetrics,
    private readonly push: MetricsPush,
  ) {}

  /**
   * List pushed metrics
   *
   * @remarks The keys of the metrics that this service pushes to `METRICS_URL`.
   */
  @Get()
  @ApiAnswers({ operationId: 'listPushedMetrics', status: 200, type: AvailableMetricsDto })
  available(): AvailableMetricsDto {
    return { metrics_available: this.metrics.available() };
  }

  /**
   * Push all metrics
   *
   * @remarks Queues a push of all metrics to `METRICS_URL`.
   */
  @Post()
  @Audited('metrics.push')
  @HttpCode(200)
  @ApiAnswers({ operationId: 'pushMetrics', status: 200, type: MetricsInitiatedDto })
  async initiate(): Promise<MetricsInitiatedDto> {
    await this.push.initiate();
    return { scheduled_metrics_initiated: true };
  }
}

@ApiTags('Helpers')
@Controller('metrics')
export class PrometheusController {
  constructor(@Inject(PROMETHEUS) private readonly registry: Registry) {}

  /**
   * Show metrics for Prometheus
   *
   * @remarks In the text format of Prometheus. Needs no token.
   */
  @Get()
  @Public()
  @ApiAnswers({ operationId: 'getPrometheusMetrics', status: 200, isPublic: true })
  @ApiResponse({ status: 503, description: 'The service is starting.', schema: apiSchema('ApiError') })
  @ApiResponse({ status: 200, description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } } } })
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  scrape(): Promise<string> {
    return this.registry.metrics();
  }
}
