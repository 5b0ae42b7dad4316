import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

export type RequestLogger = Pick<Logger, 'isLevelEnabled' | 'debug' | 'info' | 'warn'>;
/** What other rooms add to the line of a request. */
export type RequestFields = (request: FastifyRequest) => object;

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * One line for each request to the API: what changes something at `info`, reads at `debug`, what failed by our fault at
 * `warn`. Fields are chosen one by one: nothing of the query, the body or the token.
 */
export function installRequestLog(fastify: FastifyInstance, log: RequestLogger, more: RequestFields): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const level = levelOf(request, reply);
    const isApi = request.routeOptions.url?.startsWith('/api/') ?? false;
    if (isApi && log.isLevelEnabled(level)) log[level]({ ...fieldsOf(request, reply), ...more(request) });
    done();
  });
}

function levelOf({ method }: FastifyRequest, { statusCode }: FastifyReply): 'debug' | 'info' | 'warn' {
  if (statusCode >= 500) return 'warn';
  return READS.has(method) ? 'debug' : 'info';
}

function fieldsOf(request: FastifyRequest, reply: FastifyReply): object {
  return {
    msg: 'request',
    reqId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? 'unknown',
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime),
    user: (request as { user?: { id: number } }).user?.id ?? null,
    client: request.ip,
  };
}
