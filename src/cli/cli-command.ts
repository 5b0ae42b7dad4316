import { CommandRunner, Option } from 'nest-commander';

/** What every command that prints something can be given. */
export interface PrintOptions {
  json?: boolean;
}

/** A command that prints a table for people or, with `--json`, JSON for programs. */
export abstract class CliCommand extends CommandRunner {
  @Option({ flags: '--json', description: 'print JSON' })
  asJson(): boolean {
    return true;
  }
}
