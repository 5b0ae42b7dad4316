import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SigningSecretsModule } from '../auth/signing-secrets.module.js';
import { DeliveriesModule } from '../deliveries/deliveries.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { OutboundModule } from '../outbound/outbound.module.js';
import { SecretsModule } from '../secrets/secrets.module.js';
import { Dispatcher } from './dispatcher.js';
import { FanOut } from './fan-out.js';
import { FanOutWorker } from './fan-out-worker.js';
import { Firing } from './firing.entity.js';
import { Schedule } from './schedule.entity.js';
import { ScheduleCreation } from './schedule-creation.js';
import { ScheduleList } from './schedule-list.js';
import { ScheduleRuns } from './schedule-runs.js';
import { ScheduleTargets } from './schedule-targets.js';
import { SchedulerService } from './scheduler.service.js';
import { SchedulesController } from './schedules.controller.js';
import { SchedulesService } from './schedules.service.js';
import { TickInstruments } from './tick.instruments.js';
import { TickTraces } from './tick-traces.js';
import { Trigger } from './trigger.entity.js';
import { TriggerUpkeep } from './trigger-upkeep.js';
import { TriggersService } from './triggers.service.js';

/** Owns schedules and the triggers they share: the REST resource, and the taking of ticks. */
@Module({
  imports: [
    TypeOrmModule.forFeature([Firing, Schedule, Trigger]),
    ScheduleModule.forRoot(),
    DeliveriesModule.deliveringTo(ScheduleTargets, [SecretsModule, SigningSecretsModule]),
    MetricsModule,
    OutboundModule,
    SecretsModule,
  ],
  controllers: [SchedulesController],
  providers: [
    SchedulesService,
    ScheduleCreation,
    ScheduleList,
    ScheduleRuns,
    SchedulerService,
    Dispatcher,
    FanOut,
    FanOutWorker,
    TickInstruments,
    TickTraces,
    TriggerUpkeep,
    TriggersService,
  ],
  exports: [DeliveriesModule, TriggersService],
})
export class SchedulesModule {}
