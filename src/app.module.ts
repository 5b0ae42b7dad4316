import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Config } from './config/config.js';
import { DatabaseModule } from './database/database.module.js';
import { GroupsModule } from './groups/groups.module.js';
import { HealthModule } from './health/health.module.js';
import { HomeModule } from './home/home.module.js';
import { ErrorFilter } from './http/error.filter.js';
import { InputPipe } from './http/input.pipe.js';
import { LegacyModule } from './legacy/legacy.module.js';
import { Lifecycle } from './lifecycle.js';
import { logOptions } from './log-options.js';
import { standardOutput } from './logging/standard-output.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { QueueModule } from './queue/queue.module.js';
import { SchedulesModule } from './schedules/schedules.module.js';
import { TracingModule } from './tracing/tracing.module.js';
import { UsersModule } from './users/users.module.js';

/** The one list of modules. */
@Module({})
export class AppModule {
  static with(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        LoggerModule.forRoot({ pinoHttp: [logOptions(config.log.level), standardOutput] }),
        TracingModule,
        DatabaseModule,
        QueueModule,
        MetricsModule,
        AuditModule,
        GroupsModule,
        UsersModule,
        AuthModule,
        SchedulesModule,
        HealthModule,
        HomeModule,
        LegacyModule,
      ],
      providers: [
        Lifecycle,
        { provide: APP_FILTER, useClass: ErrorFilter },
        { provide: APP_PIPE, useClass: InputPipe },
      ],
    };
  }
}
