import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { scheduleSpan } from './trace-ids.js';
import { parseTraceparent } from './traceparent.js';
import type { Span, Tracing } from './tracing.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** of the API's requests, when traces are on */
    span: Span | null;
  }
}

const SCHEDULE = '/api/v1/schedule';

/**
 * One span for each request to the API, within the caller's trace when there is one. Requests about a schedule link to
 * the schedule's own span, and a creation records that: the way from a request to the deliveries, and back.
 */
export function installRequestTraces(fastify: FastifyInstance, tracing: Tracing): void {
  fastify.decorateRequest('span', null);
  if (!tracing.isOn) return;
  fastify.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    if (route.startsWith('/api/')) {
      request.span = tracing.start(`${request.method} ${route}`, {
        kind: 'SERVER',
        parent: parseTraceparent(request.headers.traceparent) ?? undefined,
        attributes: { 'http.request.method': request.method, 'http.route': route },
      });
    }
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    if (request.span) end(request, request.span, reply);
    done();
  });

  function end(request: FastifyRequest, span: Span, reply: FastifyReply): void {
    const { statusCode } = reply;
    span.setAttribute('http.response.status_code', statusCode);
    const userId = (request as { user?: { id: number } }).user?.id;
    if (userId !== undefined) span.setAttribute('seed.user.id', userId);
    if (statusCode >= 500) span.setStatus({ code: SPAN_STATUS_ERROR });
    const created = createdSchedule(request, reply);
    const scheduleId = created ?? (statusCode < 400 ? namedSchedule(request) : null);
    if (scheduleId !== null) tellOfSchedule(span, scheduleId);
    if (created !== null) recordCreation(span, created, reply);
    span.end();
  }

  function tellOfSchedule(span: Span, scheduleId: string): void {
    const context = tracing.contextOf(scheduleSpan(scheduleId));
    span.setAttribute('seed.schedule.id', scheduleId);
    if (context) span.addLink({ context });
  }

  /** Sampled as the request is: whoever asked for a trace of it finds both ends of the link. */
  function recordCreation(span: Span, scheduleId: string, { elapsedTime }: FastifyReply): void {
    const request = span.spanContext();
    tracing.record('schedule created', {
      ids: scheduleSpan(scheduleId),
      isSampled: (request.traceFlags & 1) === 1,
      startTime: new Date(Date.now() - elapsedTime),
      attributes: { 'seed.schedule.id': scheduleId },
      links: [request],
    });
  }
}

/** As in the API of OpenTelemetry, whose package is not to be loaded where traces are off. */
const SPAN_STATUS_ERROR = 2;

function createdSchedule(request: FastifyRequest, reply: FastifyReply): string | null {
  if (reply.statusCode !== 201 || request.routeOptions.url !== SCHEDULE) return null;
  return /\/([0-9a-f-]{36})\/?$/.exec(String(reply.getHeader('location')))?.[1] ?? null;
}

function namedSchedule({ routeOptions, params }: FastifyRequest): string | null {
  return routeOptions.url?.startsWith(`${SCHEDULE}/:id`) ? (params as { id: string }).id.toLowerCase() : null;
}
