import formbody from '@fastify/formbody';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { Logger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import type { Config } from './config/config.js';
import { VERSION } from './config/version.js';
import { migrate } from './database/migrate.js';
import { installRouteTable } from './http/allowed-methods.js';
import { installBodyParsing } from './http/body-parsing.js';
import { NotFoundError } from './http/domain-error.js';
import { installPaging } from './http/paging.js';
import { installPublicUrl } from './http/public-url.js';
import { installUrlCheck, REQUEST_LIMITS } from './http/request-limits.js';
import { installSecurityHeaders } from './http/security-headers.js';

/** The whole service, at work on a migrated database; it answers once it listens. */
export async function createApplication(config: Config): Promise<NestFastifyApplication> {
  await migrate(config.database.url);
  const adapter = new FastifyAdapter({
    ...REQUEST_LIMITS,
    trustProxy: config.http.trustProxy as boolean,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  });
  const fastify = adapter.getInstance();
  installRouteTable(fastify);
  installPublicUrl(fastify, config.http.publicUrl);
  installPaging(fastify, { defaultSize: config.http.pageSize, maxSize: config.http.pageSizeMax });
  installBodyParsing(fastify);
  if (!config.roles.includes('api')) hideApi(fastify);
  await fastify.register(formbody);
  await installSecurityHeaders(fastify);
  installUrlCheck(fastify);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config), adapter, {
    // Nest tells of every module and route at the start; nobody reads it. Ours takes over when all is up.
    logger: ['fatal', 'error', 'warn'],
    bodyParser: false,
    abortOnError: false,
  });
  documentApi(app);
  await app.init();
  app.useLogger(app.get(Logger));
  return app;
}

/** Probes and metrics answer on every replica; the API only where the role is. */
function hideApi(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/api/')) await reply.status(404).send({ detail: new NotFoundError().message });
  });
}

function documentApi(app: NestFastifyApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Seed Scheduler')
    .setDescription('Registers schedules, and POSTs their payloads when they are due.')
    .setVersion(VERSION)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: '`Token <token>` works as well.' }, 'token')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description), {
    jsonDocumentUrl: 'docs-json',
  });
}
