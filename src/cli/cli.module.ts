import { Module } from '@nestjs/common';
import { CreateAdminCommand } from './create-admin.command.js';
import { MigrateCommand } from './migrate.command.js';
import { Output } from './output.js';
import { Program } from './program.js';
import { SCHEDULE_COMMANDS, SchedulesCommand } from './schedules/schedules.command.js';
import { ServeCommand } from './serve.command.js';
import { Services } from './services.js';

/** The commands, in the order in which help lists them. */
const COMMANDS = [ServeCommand, MigrateCommand, CreateAdminCommand, SchedulesCommand, ...SCHEDULE_COMMANDS];

/** The command line: what an operator does, as commands. They reach the service through `Services`. */
@Module({ providers: [Output, Program, Services, ...COMMANDS] })
export class CliModule {}
