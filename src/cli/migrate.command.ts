import { Command, Option } from 'nest-commander';
import { migrate, schemaState } from '../database/migrate.js';
import { CliCommand, type PrintOptions } from './cli-command.js';
import { Output } from './output.js';
import { Services } from './services.js';

interface MigrateOptions extends PrintOptions {
  dryRun?: boolean;
}

@Command({ name: 'migrate', description: 'bring the database schema up to date, as a start of the service does' })
export class MigrateCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run(_: string[], options: MigrateOptions): Promise<void> {
    const { dryRun: isDryRun = false } = options;
    await this.services.withConfig(async ({ database }) => {
      const names = isDryRun ? (await schemaState(database.url)).pending : await migrate(database.url);
      if (options.json) return this.output.json(isDryRun ? { pending: names } : { migrated: names });
      if (names.length === 0) return this.output.line('The schema is up to date.');
      this.output.rows(
        names.map((name) => ({ migration: name, state: isDryRun ? 'pending' : 'done' })),
        options,
      );
    });
  }

  @Option({ flags: '--dry-run', description: 'only say which migrations are pending' })
  isDryRun(): boolean {
    return true;
  }
}
