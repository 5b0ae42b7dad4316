import formbody from '@fastify/formbody';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { Logger, PinoLogger } from 'nestjs-pino';
import { apiDocument } from './api-document.js';
import { AppModule } from './app.module.js';
import type { Config } from './config/config.js';
import { explained } from './database/database-failure.js';
import { migrate } from './database/migrate.js';
import { installMethodCheck, installRouteTable } from './http/allowed-methods.js';
import { installBodyParsing } from './http/body-parsing.js';
import { NotFoundError } from './http/domain-error.js';
import { installPaging } from './http/paging.js';
import { installPublicUrl } from './http/public-url.js';
import { installRequestIds, requestIdOf } from './http/request-id.js';
import { installUrlCheck, REQUEST_LIMITS } from './http/request-limits.js';
import { installRequestLog } from './http/request-log.js';
import { installVisibility } from './http/scope.decorator.js';
import { installSecurityHeaders } from './http/security-headers.js';
import { Listener } from './listener.js';
import { StartLogger } from './logging/start-logger.js';
import { HttpInstruments } from './metrics/http.instruments.js';
import { traceFields } from './tracing/trace-fields.js';
import { installRequestTraces } from './tracing/request-traces.js';
import { Tracing } from './tracing/tracing.js';

/**
 * The whole service, at work on a migrated database; it answers once it listens.
 *
 * @param listener has bound the port already, and is to be opened when this resolves; null: for the caller to listen
 * @throws StartError
 */
export async function createApplication(
  config: Config,
  listener: Listener | null = null,
): Promise<NestFastifyApplication> {
  try {
    await migrate(config.database.url);
    return await createOnMigrated(config, listener);
  } catch (error) {
    throw explained(error, config.database.url);
  }
}

async function createOnMigrated(config: Config, listener: Listener | null): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    ...REQUEST_LIMITS,
    genReqId: requestIdOf,
    trustProxy: config.http.trustProxy as boolean,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
    ...(listener && { serverFactory: listener.serverFactory }),
  });
  const fastify = adapter.getInstance();
  listener?.closeWith(fastify);
  installRequestIds(fastify);
  installRouteTable(fastify);
  installPublicUrl(fastify, config.http.publicUrl);
  installPaging(fastify, { defaultSize: config.http.pageSize, maxSize: config.http.pageSizeMax });
  installVisibility(fastify, config.visibility);
  installBodyParsing(fastify);
  if (!config.roles.includes('api')) hideApi(fastify);
  installMethodCheck(fastify);
  await fastify.register(formbody);
  await installSecurityHeaders(fastify);
  installUrlCheck(fastify);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config), adapter, {
    // Ours takes over when all is up.
    logger: new StartLogger(),
    bodyParser: false,
    abortOnError: false,
  });
  try {
    await observeRequests(app);
    documentApi(app, config);
    await app.init();
    // As a listen of its own would have.
    if (listener) await fastify.ready();
  } catch (error) {
    // Some of it may run already, and goes on until the process ends.
    void app.close().catch(() => undefined);
    throw error;
  }
  app.useLogger(app.get(Logger));
  return app;
}

/** Before the routes are made: what is told of requests in traces, metrics and the log. */
async function observeRequests(app: NestFastifyApplication): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  installRequestTraces(fastify, app.get(Tracing));
  app.get(HttpInstruments).install(fastify);
  const { logger } = await app.resolve(PinoLogger);
  installRequestLog(fastify, logger.child({ context: 'HTTP' }), ({ span }) => traceFields(span));
}

/**
 * Probes and metrics answer on every replica; the API only where the role is. Judged by the route that was found: the
 * URL can be spelt in ways that lead there and do not look like it.
 */
function hideApi(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async (request, reply) => {
    const path = request.routeOptions.url ?? request.url;
    if (path.startsWith('/api/')) await reply.status(404).send({ detail: new NotFoundError().message });
  });
}

function documentApi(app: NestFastifyApplication, { http }: Config): void {
  SwaggerModule.setup('docs', app, () => apiDocument(app, http.publicUrl), { jsonDocumentUrl: 'docs-json' });
}
