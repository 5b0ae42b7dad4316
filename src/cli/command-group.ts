import { closest, distance } from 'fastest-levenshtein';
import { CommandRunner } from 'nest-commander';
import { UsageError } from './faults.js';

const NEAR = 3;

/** A word that does nothing by itself: the commands are below it. */
export abstract class CommandGroup extends CommandRunner {
  override async run([given]: string[]): Promise<void> {
    const names = this.command.commands.map((command) => command.name());
    if (given === undefined) throw new UsageError(`${this.command.name()} needs one of ${names.join(', ')}`);
    const nearest = closest(given, names);
    const hint = distance(given, nearest) <= NEAR ? `\n(Did you mean ${nearest}?)` : '';
    throw new UsageError(`unknown command '${this.command.name()} ${given}'${hint}`);
  }
}
