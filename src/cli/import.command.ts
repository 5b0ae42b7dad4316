import { text } from 'node:stream/consumers';
import type { INestApplicationContext } from '@nestjs/common';
import { Command, Option } from 'nest-commander';
import { type Difference, type Differences, faultsOf, KINDS } from '../legacy/difference.js';
import { LegacyImport } from '../legacy/legacy-import.js';
import { CliCommand, type PrintOptions } from './cli-command.js';
import { Obstacle, UsageError } from './faults.js';
import { findingRows, MAX_ROWS, SECTIONS } from './import-report.js';
import { Output } from './output.js';
import { Progress } from './progress.js';
import { prepareToSeal } from './sealing.js';
import { Services } from './services.js';
import { record } from './trail.js';

const NO_URL = "set IMPORT_DATABASE_URL to the replaced service's database, or give it by --stdin";

interface ImportCommandOptions extends PrintOptions {
  apply?: boolean;
  overwrite?: boolean;
  stdin?: boolean;
  schema?: string;
}

// The URL has a password: it is not taken from the arguments, which every account of the machine can see.
@Command({
  name: 'import',
  description:
    'take over users, groups, tokens and schedules of the replaced service; looks only, unless --apply is given',
})
export class ImportCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run(_: string[], options: ImportCommandOptions): Promise<void> {
    const { apply: isApplying = false, json: asJson = false } = options;
    const stop = new AbortController();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
    const given = options.stdin ? (await text(process.stdin)).trim() : null;
    const differences = await this.services.use(async (app, { legacy }) => {
      const url = given ?? legacy.databaseUrl;
      if (!url) throw new UsageError(NO_URL);
      if (isApplying) await prepareToSeal(app);
      return run(app, url, { ...options, signal: stop.signal });
    });
    if (asJson) this.output.json({ applied: isApplying, ...differences });
    else this.print(differences, isApplying);
    if (stop.signal.aborted) throw new Obstacle('broken off: what was done stays done, run it again for the rest');
    const faults = faultsOf(differences);
    if (faults > 0) throw new Obstacle(`${faults} rows of the replaced service are not taken`);
  }

  @Option({ flags: '--apply', description: 'do it' })
  isApplying(): boolean {
    return true;
  }

  @Option({ flags: '--overwrite', description: 'also where something was changed or removed here since' })
  isOverwriting(): boolean {
    return true;
  }

  @Option({ flags: '--schema <name>', description: "where the replaced service's tables are" })
  schema(name: string): string {
    return name;
  }

  @Option({ flags: '--stdin', description: "read the URL of the replaced service's database from standard input" })
  stdin(): boolean {
    return true;
  }

  private print(differences: Differences, isApplying: boolean): void {
    const rows = KINDS.map((kind) => ({ kind, ...countsOfKind(differences[kind], isApplying) }));
    this.output.rows(rows, {});
    for (const { key, title } of SECTIONS) {
      const { rows: lines, more } = findingRows(differences, key);
      if (lines.length === 0) continue;
      this.output.line(`\n${title(isApplying)}:`);
      this.output.rows(lines, {});
      if (more > 0) this.output.line(`and ${more} more: --json gives all`);
    }
    if (!isApplying) this.output.note('Nothing was changed: --apply does it.');
  }
}

async function run(
  app: INestApplicationContext,
  url: string,
  options: ImportCommandOptions & { signal: AbortSignal },
): Promise<Differences> {
  using progress = new Progress('schedules');
  return await app.get(LegacyImport).run(url, {
    isApplying: options.apply ?? false,
    isOverwriting: options.overwrite ?? false,
    schema: options.schema ?? null,
    keepFindings: options.json ? Infinity : MAX_ROWS,
    onProgress: (done, total) => progress.show(done, total),
    onWritten: (written) => record(app, { action: 'import', target: { kind: 'import' }, fields: countsOf(written) }),
    signal: options.signal,
  });
}

function countsOfKind(difference: Difference, isApplying: boolean): Record<string, number> {
  const counts = SECTIONS.map(({ key, title }): [string, number] => [title(isApplying), difference[key].count]);
  return { ...Object.fromEntries(counts), unchanged: difference.unchanged };
}

/** For the audit log: one word a kind. */
function countsOf(differences: Differences): string[] {
  return KINDS.map((kind) => `${kind}s:${differences[kind].added.count}+${differences[kind].changed.count}`);
}
