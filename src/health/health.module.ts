import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ApiHealthController, ProbesController } from './health.controller.js';
import { MigrationsIndicator, QueueIndicator, ShutdownIndicator } from './indicators.js';

/** Answers whether the service lives, is ready, and works. */
@Module({
  imports: [TerminusModule.forRoot({ errorLogStyle: 'pretty' })],
  controllers: [ApiHealthController, ProbesController],
  providers: [QueueIndicator, MigrationsIndicator, ShutdownIndicator],
})
export class HealthModule {}
