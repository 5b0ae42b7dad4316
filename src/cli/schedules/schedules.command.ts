import { Command } from 'nest-commander';
import { CommandGroup } from '../command-group.js';
import { DisableScheduleCommand, EnableScheduleCommand } from './switch-schedules.command.js';
import { ListSchedulesCommand } from './list-schedules.command.js';
import { RunScheduleCommand } from './run-schedule.command.js';
import { ShowScheduleCommand } from './show-schedule.command.js';

export const SCHEDULE_COMMANDS = [
  ListSchedulesCommand,
  ShowScheduleCommand,
  EnableScheduleCommand,
  DisableScheduleCommand,
  RunScheduleCommand,
];

@Command({
  name: 'schedules',
  description: 'look at schedules, switch them on and off, run them',
  subCommands: SCHEDULE_COMMANDS,
})
export class SchedulesCommand extends CommandGroup {}
