import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Histogram, type Registry } from 'prom-client';
import { PROMETHEUS } from './prometheus.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const MS_PER_SECOND = 1000;

/** Measures the API's own requests. Labels are bounded: route patterns, known methods, classes of status. */
@Injectable()
export class HttpInstruments {
  private readonly duration: Histogram<'method' | 'route' | 'status'>;

  constructor(@Inject(PROMETHEUS) registry: Registry) {
    this.duration = new Histogram({
      name: 'seed_scheduler_http_request_duration_seconds',
      help: 'From a request to the end of its answer, by method, route pattern and class of status (2xx, ...).',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
  }

  /** Before the routes are made. */
  install(fastify: FastifyInstance): void {
    fastify.addHook('onResponse', (request, reply, done) => {
      this.observe(request, reply);
      done();
    });
  }

  private observe({ method, routeOptions }: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): void {
    const labels = {
      method: METHODS.has(method) ? method : 'other',
      route: routeOptions.url ?? 'unknown',
      status: `${Math.floor(statusCode / 100)}xx`,
    };
    this.duration.observe(labels, elapsedTime / MS_PER_SECOND);
  }
}
