import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
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
import { BODY_LIMIT_BYTES, installBodyParsing } from './http/body-parsing.js';
import { NotFoundError } from './http/domain-error.js';
import { answerUnroutable } from './http/error.filter.js';
import { installPaging } from './http/paging.js';
import { installPublicUrl } from './http/public-url.js';
import { installQueryCheck } from './http/storable-text.js';

const REQUEST_TIMEOUT_MS = 30_000;

/** The whole service, at work on a migrated database; it answers once it listens. */
export async function createApplication(config: Config): Promise<NestFastifyApplication> {
  await migrate(config.database.url);
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: config.http.trustProxy as boolean,
    forceCloseConnections: 'idle',
    frameworkErrors: answerUnroutable,
    routerOptions: { ignoreTrailingSlash: true },
  });
  const fastify = adapter.getInstance();
  installRouteTable(fastify);
  installPublicUrl(fastify, config.http.publicUrl);
  installPaging(fastify, { defaultSize: config.http.pageSize, maxSize: config.http.pageSizeMax });
  installBodyParsing(fastify);
  installQueryCheck(fastify);
  if (!config.roles.includes('api')) hideApi(fastify);
  await fastify.register(formbody);
  await fastify.register(helmet, { contentSecurityPolicy: false });
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
