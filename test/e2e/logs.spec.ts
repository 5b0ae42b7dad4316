import { describe, expect, it } from 'vitest';
import { aSchedule } from '../support/app.js';
import { startCollector } from '../support/collector.js';
import { createDatabase } from '../support/database.js';
import { type ServiceProcess, startProcess } from '../support/process.js';
import { startSink } from '../support/sink.js';

type Line = Record<string, unknown>;

function linesOf(service: ServiceProcess): Line[] {
  const json = service
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'));
  return json.map((line) => JSON.parse(line) as Line);
}

/** Reads the output until it has such a line. */
async function line(service: ServiceProcess, isIt: (line: Line) => boolean): Promise<Line> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = linesOf(service).find(isIt);
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`not in: ${service.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const fieldsOf = (of: Line) => Object.keys(of).sort();
const PINO = ['context', 'hostname', 'level', 'msg', 'pid', 'time'];

describe('the log', () => {
  it('has one line for each change and each attempt, with the fields of the documentation, and tells the lifecycle', async () => {
    await using database = await createDatabase();
    await using collector = await startCollector();
    await using sink = await startSink();
    await using service = await startProcess({
      DATABASE_URL: database.url,
      LOG_LEVEL: 'info',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    const { body } = await service.call(
      'POST',
      '/api/v1/schedule/?canary=1',
      aSchedule({ endpoint: `${sink.url}?canary`, frequency: 1 }),
    );
    await service.call('GET', '/api/v1/schedule/');
    await service.call('GET', '/health/live');

    const request = await line(service, ({ msg }) => msg === 'request');
    const attempt = await line(service, ({ msg }) => msg === 'attempt');
    const span = await collector.span(({ name }) => name === 'attempt');
    await service.end('SIGTERM');

    expect(fieldsOf(request)).toEqual(
      [...PINO, 'reqId', 'method', 'route', 'status', 'durationMs', 'user', 'client', 'trace_id', 'span_id'].sort(),
    );
    expect(request).toMatchObject({
      method: 'POST',
      route: '/api/v1/schedule',
      status: 201,
      user: 1,
      client: '127.0.0.1',
    });
    expect(fieldsOf(attempt)).toEqual(
      [
        ...PINO,
        ...['delivery', 'schedule', 'tick', 'attempt', 'decision', 'status', 'error', 'durationMs', 'latenessMs'],
        ...['origin', 'trace_id', 'span_id'],
      ].sort(),
    );
    expect(attempt).toMatchObject({ schedule: body.id, trace_id: span.traceId, span_id: span.spanId });
    expect(linesOf(service).filter(({ msg }) => msg === 'request')).toHaveLength(1);
    expect(service.output()).not.toContain('canary');
    const stages = linesOf(service).map(({ msg }) => msg);
    expect(stages.filter((msg) => ['started', 'draining', 'stopped'].includes(String(msg)))).toEqual([
      'started',
      'draining',
      'stopped',
    ]);
  });

  it('has reads at debug, and no trace ids when traces are off', async () => {
    await using database = await createDatabase();
    await using service = await startProcess({ DATABASE_URL: database.url, LOG_LEVEL: 'debug' });
    await service.call('GET', '/api/v1/schedule/01a20c4e-3be5-750a-b2f1-088a8a935add/', undefined, {
      authorization: 'Token canary',
    });

    const request = await line(service, ({ msg }) => msg === 'request');

    expect(request).toMatchObject({ level: 20, route: '/api/v1/schedule/:id', status: 401, user: null });
    expect(fieldsOf(request)).not.toContain('trace_id');
    expect(service.output()).not.toContain('canary');
  });
});
