import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { dataSourceOptions } from './data-source-options.js';
import { Notifications } from './notifications.js';

/** Connects TypeORM, whose entities the rooms bring, and hears what other replicas notify. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [CONFIG],
      useFactory: ({ database }: Config) => ({
        ...dataSourceOptions(database.url),
        autoLoadEntities: true,
        // The database has been reached a moment ago. Should it be away now, whoever starts the process tries again.
        toRetry: () => false,
      }),
    }),
  ],
  providers: [Notifications],
  exports: [Notifications],
})
export class DatabaseModule {}
