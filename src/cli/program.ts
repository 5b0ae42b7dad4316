import { Injectable } from '@nestjs/common';
import { type CommandRunner, InjectCommander } from 'nest-commander';
import { ExitCode } from './faults.js';

/** A command of the library that reads the command line. */
export type CommandSyntax = CommandRunner['command'];

/** What all commands have in common. */
@Injectable()
export class Program {
  /** what the process ends with, unless an error is thrown */
  exitCode: ExitCode = ExitCode.Done;

  constructor(@InjectCommander() private readonly root: CommandSyntax) {}

  /** To be called when every command is known: what is set on one is not passed on to those below it. */
  prepare(): void {
    this.root.name('seed-scheduler').description('Runs and administers Seed Scheduler.');
    this.root.addHelpText('after', '\nSettings are read from the environment, as the service does: see README.md.');
    makeStrict(this.root, 'seed-scheduler');
  }
}

function makeStrict(command: CommandSyntax, path: string): void {
  const isGroup = command.commands.length > 0;
  command.exitOverride().allowExcessArguments(isGroup).showHelpAfterError(`Try: ${path} --help`);
  command.addHelpCommand(false);
  for (const one of command.commands) makeStrict(one, `${path} ${one.name()}`);
}
