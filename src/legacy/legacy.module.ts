import { Module } from '@nestjs/common';
import { OutboundModule } from '../outbound/outbound.module.js';
import { SchedulesModule } from '../schedules/schedules.module.js';
import { SecretsModule } from '../secrets/secrets.module.js';
import { GoneSchedules } from './gone-schedules.js';
import { LegacyImport } from './legacy-import.js';
import { PeopleImport } from './people-import.js';
import { SchedulesImport } from './schedules-import.js';
import { SchedulesWriter } from './schedules-writer.js';

/** Owns the way over from the service that this one replaces. */
@Module({
  imports: [OutboundModule, SchedulesModule, SecretsModule],
  providers: [GoneSchedules, LegacyImport, PeopleImport, SchedulesImport, SchedulesWriter],
  exports: [LegacyImport],
})
export class LegacyModule {}
