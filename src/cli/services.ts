import { ConsoleLogger, type INestApplicationContext, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from '../app.module.js';
import type { Config } from '../config/config.js';
import { schemaState } from '../database/migrate.js';
import { withConfig } from '../runtime.js';
import { Obstacle } from './faults.js';
import { Output } from './output.js';

/** stdout is for results. */
class StderrLogger extends ConsoleLogger {
  protected override printMessages(messages: unknown[]): void {
    for (const message of messages) process.stderr.write(`${String(message)}\n`);
  }
}

/** The way from a command to the service's settings, database and services. */
@Injectable()
export class Services {
  constructor(private readonly output: Output) {}

  /** Calls `work` with the settings; the embedded database runs meanwhile, if it is used. */
  withConfig<T>(work: (config: Config) => Promise<T>): Promise<T> {
    return withConfig((line) => this.output.note(line), work);
  }

  /**
   * Calls `work` with the service's own providers (`app.get(SchedulesService)`), which work on its database whether it
   * runs or not. Nothing of it runs here: no scheduler, no worker, no listener.
   *
   * @throws Obstacle when the schema is behind
   */
  use<T>(work: (app: INestApplicationContext, config: Config) => Promise<T>): Promise<T> {
    return this.withConfig((config) => this.with(config, work));
  }

  /** The same for who has the settings already. */
  async with<T>(config: Config, work: (app: INestApplicationContext, config: Config) => Promise<T>): Promise<T> {
    await this.requireSchema(config);
    const quiet: Config = { ...config, roles: [], log: { ...config.log, level: 'silent' } };
    // Never initialised, so that no hook is called that starts a loop. Providers are made and connected all the same.
    const app = await NestFactory.create(AppModule.with(quiet), new FastifyAdapter(), {
      logger: new StderrLogger({ logLevels: ['fatal', 'error', 'warn'] }),
      abortOnError: false,
    });
    try {
      return await work(app, config);
    } finally {
      await app.close();
    }
  }

  private async requireSchema({ database }: Config): Promise<void> {
    const { pending, unknown } = await schemaState(database.url);
    if (pending.length > 0) {
      throw new Obstacle(`the database lacks ${pending.length} migrations: run "seed-scheduler migrate" first`);
    }
    if (unknown.length > 0) this.output.note('warning: a later version has migrated this database');
  }
}
