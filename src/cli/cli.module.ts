import { Module } from '@nestjs/common';
import { CreateAdminCommand } from './create-admin.command.js';
import { CreateTokenCommand } from './create-token.command.js';
import { DoctorCommand } from './doctor/doctor.command.js';
import { ImportCommand } from './import/import.command.js';
import { MigrateCommand } from './migrate.command.js';
import { Output } from './output.js';
import { Program } from './program.js';
import { RevokeTokenCommand } from './revoke-token.command.js';
import { RotateSecretsCommand } from './rotate-secrets.command.js';
import { SCHEDULE_COMMANDS, SchedulesCommand } from './schedules/schedules.command.js';
import { ServeCommand } from './serve.command.js';
import { Services } from './services.js';

/** The commands, in the order in which help lists them. */
const COMMANDS = [
  ServeCommand,
  MigrateCommand,
  CreateAdminCommand,
  CreateTokenCommand,
  RevokeTokenCommand,
  SchedulesCommand,
  ...SCHEDULE_COMMANDS,
  RotateSecretsCommand,
  ImportCommand,
  DoctorCommand,
];

/** The command line: what an operator does, as commands. They reach the service through `Services`. */
@Module({ providers: [Output, Program, Services, ...COMMANDS] })
export class CliModule {}
