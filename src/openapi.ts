import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { apiDocument } from './api-document.js';
import { AppModule } from './app.module.js';
import { configOf } from './config/load-config.js';
import { readSettings } from './config/settings.js';

// Never connected to: in preview mode Nest reads the modules and creates none of their providers.
const NO_DATABASE = { DATABASE_URL: 'postgres://localhost/none', SECRET_KEY: 'for the description of the API only' };

/** Prints the OpenAPI document to stdout. Needs neither a database nor a port. */
const app = await NestFactory.create<NestFastifyApplication>(
  AppModule.with(configOf(readSettings(NO_DATABASE), null)),
  new FastifyAdapter(),
  { preview: true, logger: ['fatal', 'error'], abortOnError: false },
);
process.stdout.write(`${JSON.stringify(apiDocument(app, null), null, 2)}\n`);
